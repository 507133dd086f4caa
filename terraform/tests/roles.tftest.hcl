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

run "with_a_connection_string_the_identity_reads_the_token_and_nothing_else" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  assert {
    condition     = azurerm_role_assignment.token.role_definition_name == "Key Vault Secrets User" && azurerm_role_assignment.token.scope == var.token_secret.id
    error_message = "The role must be on the one secret."
  }

  assert {
    condition     = azurerm_role_assignment.token.principal_id == azurerm_user_assigned_identity.this.principal_id
    error_message = "The role must be the identity's."
  }

  assert {
    condition     = length(azurerm_role_assignment.flow_logs) == 0
    error_message = "The connection string is the right to read."
  }
}

run "by_identity_it_reads_the_flow_logs_and_never_writes_them" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  variables {
    flow_logs_storage_account_id        = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
    flow_logs_storage_connection_string = null
  }

  assert {
    condition     = toset(keys(azurerm_role_assignment.flow_logs)) == toset(["Storage Blob Data Reader", "Storage Queue Data Contributor"])
    error_message = "Blobs are read; the queue is the host's, for events that failed."
  }

  assert {
    condition     = alltrue([for role in azurerm_role_assignment.flow_logs : role.scope == local.flow_logs_account_id])
    error_message = "The roles must be on the account of the flow logs alone."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.this.identity[0].type == "UserAssigned" && one(azurerm_function_app_flex_consumption.this.identity[0].identity_ids) == azurerm_user_assigned_identity.this.id
    error_message = "The app must run as the identity that has the roles."
  }
}
