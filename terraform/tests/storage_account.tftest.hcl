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

run "an_account_that_is_not_in_the_subscription_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  override_data {
    target = data.azurerm_resources.flow_logs
    values = { resources = [] }
  }

  expect_failures = [azurerm_resource_group.this]
}

run "an_account_in_another_location_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  override_data {
    target = data.azurerm_resources.flow_logs
    values = { resources = [{
      id                  = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
      location            = "westeurope"
      name                = "flowlogs"
      resource_group_name = "logs"
      tags                = {}
      type                = "Microsoft.Storage/storageAccounts"
    }] }
  }

  expect_failures = [azurerm_resource_group.this]
}

run "an_account_with_the_same_name_but_another_id_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  variables {
    flow_logs_storage_account_id        = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
    flow_logs_storage_connection_string = null
  }

  override_data {
    target = data.azurerm_resources.flow_logs
    values = { resources = [{
      id                  = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/others/providers/Microsoft.Storage/storageAccounts/flowlogs"
      location            = "eastus"
      name                = "flowlogs"
      resource_group_name = "logs"
      tags                = {}
      type                = "Microsoft.Storage/storageAccounts"
    }] }
  }

  expect_failures = [azurerm_resource_group.this]
}

run "a_location_is_the_same_however_azure_spells_it" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  assert {
    condition     = local.flow_logs_account_id == "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
    error_message = "East US is eastus."
  }
}

run "an_id_is_the_same_in_any_case" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  variables {
    flow_logs_storage_account_id        = "/subscriptions/22222222-2222-2222-2222-222222222222/resourcegroups/logs/providers/microsoft.storage/storageAccounts/flowlogs"
    flow_logs_storage_connection_string = null
  }

  assert {
    condition     = local.flow_logs_account_id == "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
    error_message = "Azure does not tell upper from lower case in ids."
  }
}
