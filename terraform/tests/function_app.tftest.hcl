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

run "the_app_runs_python_3_13_on_flex_consumption" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.runtime_name == "python" && azurerm_function_app_flex_consumption.this.runtime_version == "3.13"
    error_message = "Sluice runs on Python 3.13."
  }

  assert {
    condition     = azurerm_service_plan.this.sku_name == "FC1"
    error_message = "The plan must be Flex Consumption."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.https_only && !azurerm_function_app_flex_consumption.this.webdeploy_publish_basic_authentication_enabled
    error_message = "The app must be reached by https, and deployed to without a password."
  }
}

run "the_app_is_told_where_everything_is" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  assert {
    condition = nonsensitive(azurerm_function_app_flex_consumption.this.app_settings) == tomap({
      APIGW_URL                      = "https://gateway.example.com"
      AZURE_CLIENT_ID                = "44444444-4444-4444-4444-444444444444"
      FLOW_LOGS                      = var.flow_logs_storage_connection_string
      MALLOC_ARENA_MAX               = "2"
      PYTHON_THREADPOOL_THREAD_COUNT = "8"
      SUBSCRIPTION_TOKEN_SECRET      = "https://vault.vault.azure.net/secrets/subscription-token"
    })
    error_message = "These are the settings of docs/settings.md."
  }

  assert {
    condition     = issensitive(azurerm_function_app_flex_consumption.this.app_settings["FLOW_LOGS"])
    error_message = "A plan must not show the connection string."
  }
}

run "by_identity_there_is_no_connection_string" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  variables {
    flow_logs_storage_account_id        = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
    flow_logs_storage_connection_string = null
  }

  assert {
    condition = nonsensitive(azurerm_function_app_flex_consumption.this.app_settings) == tomap({
      APIGW_URL                      = "https://gateway.example.com"
      AZURE_CLIENT_ID                = "44444444-4444-4444-4444-444444444444"
      FLOW_LOGS__blobServiceUri      = "https://flowlogs.blob.core.windows.net"
      FLOW_LOGS__clientId            = "44444444-4444-4444-4444-444444444444"
      FLOW_LOGS__credential          = "managedidentity"
      FLOW_LOGS__queueServiceUri     = "https://flowlogs.queue.core.windows.net"
      MALLOC_ARENA_MAX               = "2"
      PYTHON_THREADPOOL_THREAD_COUNT = "8"
      SUBSCRIPTION_TOKEN_SECRET      = "https://vault.vault.azure.net/secrets/subscription-token"
    })
    error_message = "These are the settings of docs/settings.md."
  }
}

run "an_earlier_start_is_passed_on" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  variables {
    start_from = "2026-11-01"
  }

  assert {
    condition     = nonsensitive(azurerm_function_app_flex_consumption.this.app_settings)["START_FROM"] == "2026-11-01"
    error_message = "START_FROM must be the start that was given."
  }
}
