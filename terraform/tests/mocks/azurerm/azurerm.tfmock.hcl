mock_data "azurerm_client_config" {
  defaults = {
    object_id       = "33333333-3333-3333-3333-333333333333"
    subscription_id = "22222222-2222-2222-2222-222222222222"
    tenant_id       = "11111111-1111-1111-1111-111111111111"
  }
}

mock_data "azurerm_resources" {
  defaults = {
    resources = [{
      id                  = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
      location            = "East US"
      name                = "flowlogs"
      resource_group_name = "logs"
      tags                = {}
      type                = "Microsoft.Storage/storageAccounts"
    }]
  }
}

mock_resource "azurerm_application_insights" {
  defaults = {
    connection_string = "InstrumentationKey=00000000-0000-0000-0000-000000000000"
    id                = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.Insights/components/insights"
  }
}

mock_resource "azurerm_function_app_flex_consumption" {
  defaults = {
    default_hostname = "app.azurewebsites.net"
    id               = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.Web/sites/app"
  }
}

mock_resource "azurerm_key_vault" {
  defaults = {
    id        = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.KeyVault/vaults/vault"
    vault_uri = "https://vault.vault.azure.net/"
  }
}

mock_resource "azurerm_key_vault_secret" {
  defaults = {
    resource_versionless_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.KeyVault/vaults/vault/secrets/subscription-token"
    versionless_id          = "https://vault.vault.azure.net/secrets/subscription-token"
  }
}

mock_resource "azurerm_log_analytics_workspace" {
  defaults = {
    id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.OperationalInsights/workspaces/workspace"
  }
}

mock_resource "azurerm_monitor_action_group" {
  defaults = {
    id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.Insights/actionGroups/operators"
  }
}

mock_resource "azurerm_service_plan" {
  defaults = {
    id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.Web/serverFarms/plan"
  }
}

mock_resource "azurerm_storage_account" {
  defaults = {
    id                    = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.Storage/storageAccounts/own"
    primary_access_key    = "a2V5"
    primary_blob_endpoint = "https://own.blob.core.windows.net/"
  }
}

mock_resource "azurerm_user_assigned_identity" {
  defaults = {
    client_id    = "44444444-4444-4444-4444-444444444444"
    id           = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity"
    principal_id = "55555555-5555-5555-5555-555555555555"
  }
}
