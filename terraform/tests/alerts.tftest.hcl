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

run "everything_that_somebody_should_look_at_has_an_alert" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  assert {
    condition     = toset(keys(azurerm_monitor_scheduled_query_rules_alert_v2.this)) == toset(["dead-letters", "lag", "quarantine", "silent-card", "token-ends", "token-refused"])
    error_message = "These are the alerts."
  }

  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.this : rule.scopes == tolist([azurerm_application_insights.this.id])])
    error_message = "They look at this function app's own lines."
  }

  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.this : rule.criteria[0].time_aggregation_method == "Count" && rule.criteria[0].operator == "GreaterThan" && rule.criteria[0].threshold == 0])
    error_message = "One line is one too many."
  }

  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.this : length(rule.action) == 0])
    error_message = "Without an action group they show in the portal."
  }
}

run "an_action_group_is_told_what_to_do" {
  command = plan

  module {
    source = "./modules/sluice/modules/region"
  }

  variables {
    action_group_ids = ["/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.Insights/actionGroups/operators"]
  }

  assert {
    condition     = alltrue([for rule in azurerm_monitor_scheduled_query_rules_alert_v2.this : rule.action[0].action_groups == var.action_group_ids && rule.action[0].custom_properties["advice"] != ""])
    error_message = "Each alert goes to the action group, with advice."
  }
}
