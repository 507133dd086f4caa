locals {
  by_identity = var.flow_logs_storage_account_id != null

  # Container of each kind of flow log, and the function that it wakes.
  containers = {
    nsg_flow_log  = "insights-logs-networksecuritygroupflowevent"
    vnet_flow_log = "insights-logs-flowlogflowevent"
  }

  # Of an account that is gone a well-formed id, not an error, so that a destroy goes on.
  flow_logs_account_id = coalesce(
    one(data.azurerm_resources.flow_logs.resources[*].id),
    "/subscriptions/${var.subscription_id}/resourceGroups/gone/providers/Microsoft.Storage/storageAccounts/${var.flow_logs_storage_account}"
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
