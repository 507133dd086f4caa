locals {
  # By what is absent: an account that is made in the same apply has no id yet.
  by_identity = nonsensitive(var.flow_logs_storage_connection_string == null)

  # Container of each kind of flow log, and the function that it wakes.
  containers = {
    nsg_flow_log  = "insights-logs-networksecuritygroupflowevent"
    vnet_flow_log = "insights-logs-flowlogflowevent"
  }

  # Once the account is gone, destroy still wants an id of the right form; what is made or changed is refused before (main.tf).
  flow_logs_account_id = coalesce(
    one(data.azurerm_resources.flow_logs.resources[*].id),
    var.flow_logs_storage_account_id,
    "/subscriptions/${var.subscription_id}/resourceGroups/unknown/providers/Microsoft.Storage/storageAccounts/${var.flow_logs_storage_account}"
  )
  flow_logs_settings = local.by_identity ? {
    FLOW_LOGS__blobServiceUri  = "https://${var.flow_logs_storage_account}.blob.${var.endpoint_suffix}"
    FLOW_LOGS__clientId        = azurerm_user_assigned_identity.this.client_id
    FLOW_LOGS__credential      = "managedidentity"
    FLOW_LOGS__queueServiceUri = "https://${var.flow_logs_storage_account}.queue.${var.endpoint_suffix}"
    } : {
    FLOW_LOGS = var.flow_logs_storage_connection_string
  }
}
