mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

variables {
  apigw_url                           = "https://gateway.example.com"
  endpoint_suffix                     = "core.windows.net"
  flow_logs_storage_account           = "flowlogs"
  flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net"
  instance_memory_in_mb               = 2048
  location                            = "eastus"
  management                          = "https://management.azure.com"
  name                                = "sluice-location1-0a1b2c3d"
  package                             = ""
  program                             = ["python3", "-B", "./modules/sluice/setup"]
  short_name                          = "sluice0a1b2c3d4e5f"
  source_root                         = ".."
  subscription_id                     = "22222222-2222-2222-2222-222222222222"
  tags                                = { application = "sluice" }
  token_secret = {
    id  = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.KeyVault/vaults/vault/secrets/subscription-token"
    uri = "https://vault.vault.azure.net/secrets/subscription-token"
  }
}

run "each_container_wakes_its_own_function" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  assert {
    condition     = azurerm_eventgrid_event_subscription.this["nsg_flow_log"].subject_filter[0].subject_begins_with == "/blobServices/default/containers/insights-logs-networksecuritygroupflowevent/blobs/"
    error_message = "NSG flow logs stand in this container."
  }

  assert {
    condition     = azurerm_eventgrid_event_subscription.this["vnet_flow_log"].subject_filter[0].subject_begins_with == "/blobServices/default/containers/insights-logs-flowlogflowevent/blobs/"
    error_message = "VNet flow logs stand in this container."
  }
}

run "only_commits_of_log_blobs_wake_it" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  assert {
    condition     = alltrue([for subscription in azurerm_eventgrid_event_subscription.this : subscription.subject_filter[0].subject_ends_with == "/PT1H.json"])
    error_message = "A log blob is named PT1H.json."
  }

  assert {
    condition     = alltrue([for subscription in azurerm_eventgrid_event_subscription.this : subscription.included_event_types == tolist(["Microsoft.Storage.BlobCreated"])])
    error_message = "A commit is a BlobCreated."
  }

  assert {
    condition     = alltrue([for subscription in azurerm_eventgrid_event_subscription.this : subscription.advanced_filter[0].string_in[0].key == "data.api" && toset(subscription.advanced_filter[0].string_in[0].values) == toset(["FlushWithClose", "PutBlob", "PutBlockList"])])
    error_message = "These are the ways in which a log blob is committed."
  }
}

# Azure answers these where nothing was sent, and a plan would want them gone.
run "what_azure_fills_in_is_written_down" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  assert {
    condition     = alltrue([for subscription in azurerm_eventgrid_event_subscription.this : subscription.webhook_endpoint[0].max_events_per_batch == 1 && subscription.webhook_endpoint[0].preferred_batch_size_in_kilobytes == 64])
    error_message = "A second plan must be empty."
  }
}

run "an_event_that_fails_is_tried_for_a_day_and_kept_for_a_month" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  assert {
    condition     = alltrue([for subscription in azurerm_eventgrid_event_subscription.this : subscription.retry_policy[0].event_time_to_live == 1440 && subscription.retry_policy[0].max_delivery_attempts == 30])
    error_message = "A day is the most that Event Grid offers."
  }

  assert {
    condition     = alltrue([for subscription in azurerm_eventgrid_event_subscription.this : subscription.storage_blob_dead_letter_destination[0].storage_blob_container_name == "dead-letters"])
    error_message = "What failed for a day is kept."
  }

  assert {
    condition     = azurerm_storage_management_policy.this.rule[0].actions[0].base_blob[0].delete_after_days_since_modification_greater_than == 30 && azurerm_storage_management_policy.this.rule[0].filters[0].prefix_match == toset(["dead-letters/"])
    error_message = "Dead letters, and nothing else, go after 30 days."
  }
}
