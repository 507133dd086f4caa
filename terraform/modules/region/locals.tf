locals {
  by_identity = var.flow_logs_storage_account_id != null

  # Container of each kind of flow log, and the function that it wakes.
  containers = {
    nsg_flow_log  = "insights-logs-networksecuritygroupflowevent"
    vnet_flow_log = "insights-logs-flowlogflowevent"
  }

  flow_logs_account_id = one(data.azurerm_resources.flow_logs.resources[*].id) # null, not an error, for a destroy after the account is gone
  flow_logs_settings = local.by_identity ? {
    FLOW_LOGS__blobServiceUri  = "https://${var.flow_logs_storage_account}.blob.${var.endpoint_suffix}"
    FLOW_LOGS__clientId        = azurerm_user_assigned_identity.this.client_id
    FLOW_LOGS__credential      = "managedidentity"
    FLOW_LOGS__queueServiceUri = "https://${var.flow_logs_storage_account}.queue.${var.endpoint_suffix}"
    } : {
    FLOW_LOGS = var.flow_logs_storage_connection_string
  }
}
