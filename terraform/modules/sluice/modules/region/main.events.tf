# The scope is the account: Event Grid allows one system topic a source, and the account may have one already.
resource "azurerm_eventgrid_event_subscription" "this" {
  for_each = local.containers

  name                 = "${var.name}-${trimsuffix(each.key, "_flow_log")}"
  scope                = local.flow_logs_account_id
  included_event_types = ["Microsoft.Storage.BlobCreated"]

  subject_filter {
    subject_begins_with = "/blobServices/default/containers/${each.value}/blobs/"
    subject_ends_with   = "/PT1H.json"
  }

  # How a log blob is committed: by blocks, whole, or in an account with a hierarchical namespace.
  advanced_filter {
    string_in {
      key    = "data.api"
      values = ["PutBlockList", "PutBlob", "FlushWithClose"]
    }
  }

  # Azure answers both when they are not sent, and the provider would take them away again with each apply.
  webhook_endpoint {
    max_events_per_batch              = 1
    preferred_batch_size_in_kilobytes = 64

    url = "https://${azurerm_function_app_flex_consumption.this.default_hostname}/runtime/webhooks/blobs?functionName=Host.Functions.${each.key}&code=${local.webhook_key}"
  }

  retry_policy {
    event_time_to_live    = 1440
    max_delivery_attempts = 30
  }

  storage_blob_dead_letter_destination {
    storage_account_id          = azurerm_storage_account.this.id
    storage_blob_container_name = azurerm_storage_container.this["dead-letters"].name
  }

  lifecycle {
    ignore_changes       = [scope]
    replace_triggered_by = [terraform_data.flow_logs_account]
  }

  depends_on = [terraform_data.code] # which has the function app answer Event Grid's handshake
}
