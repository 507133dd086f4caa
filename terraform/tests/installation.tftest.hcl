mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

mock_provider "azuread" {
  source          = "./tests/mocks/azuread"
  override_during = plan
}

override_resource {
  target          = terraform_data.installation
  override_during = plan
  values          = { id = "33333333-3333-3333-3333-333333333333" }
}

variables {
  apigw_url          = "https://gateway.example.com"
  subscription_id    = "22222222-2222-2222-2222-222222222222"
  subscription_token = "a-token-of-the-test"
  region_set = {
    location1 = {
      location                            = "eastus"
      flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net"
    }
  }
}

run "names_follow_from_the_installation" {
  command = plan

  module {
    source = "./modules/sluice"
  }

  assert {
    condition     = azurerm_resource_group.this.name == "sluice-${substr(sha256("22222222-2222-2222-2222-222222222222/${terraform_data.installation.input.begun}/33333333-3333-3333-3333-333333333333"), 0, 8)}"
    error_message = "Two calls, or two installations one after the other, must not share names."
  }

  assert {
    condition     = output.function_apps.location1.name == "sluice-location1-${local.suffix}"
    error_message = "The entry's key is part of its names."
  }
}

run "entries_of_one_location_stand_side_by_side" {
  command = plan

  module {
    source = "./modules/sluice"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "AccountName=flowlogs;AccountKey=a2V5a2V5"
      }
      location2 = {
        location                     = "eastus"
        flow_logs_storage_account_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/morelogs"
      }
    }
  }

  override_data {
    target = module.region["location2"].data.azurerm_resources.flow_logs
    values = { resources = [{
      id                  = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/morelogs"
      location            = "eastus"
      name                = "morelogs"
      resource_group_name = "logs"
      tags                = {}
      type                = "Microsoft.Storage/storageAccounts"
    }] }
  }

  assert {
    condition     = { for key, app in output.function_apps : key => [app.location, app.storage_account] } == { location1 = ["eastus", "flowlogs"], location2 = ["eastus", "morelogs"] }
    error_message = "There is a function app for each entry."
  }

  assert {
    condition     = output.function_apps.location1.name != output.function_apps.location2.name
    error_message = "Each has a name of its own."
  }
}

run "tags_are_everywhere" {
  command = plan

  module {
    source = "./modules/sluice"
  }

  variables {
    tags = { cost-centre = "4711" }
  }

  assert {
    condition     = alltrue([for tags in [azurerm_resource_group.this.tags, azurerm_key_vault.this.tags, azurerm_key_vault_secret.token.tags] : tags["cost-centre"] == "4711" && tags["application"] == "sluice"])
    error_message = "Everything that can carry tags carries the customer's and ours."
  }
}

run "the_token_is_in_the_vault_and_in_no_state" {
  command = plan

  module {
    source = "./modules/sluice"
  }

  assert {
    condition     = azurerm_key_vault_secret.token.value == null && azurerm_key_vault_secret.token.value_wo_version != null
    error_message = "The token must be written, never kept."
  }

  assert {
    condition     = azurerm_key_vault.this.rbac_authorization_enabled && !azurerm_key_vault.this.purge_protection_enabled
    error_message = "The vault goes by roles, and goes with destroy."
  }
}

run "outputs_are_no_secrets" {
  command = plan

  module {
    source = "./modules/sluice"
  }

  assert {
    condition     = !issensitive(output.application_id) && !issensitive(output.function_apps)
    error_message = "Nothing secret may be in an output."
  }
}

run "without_an_address_nobody_is_told" {
  command = plan

  module {
    source = "./modules/sluice"
  }

  assert {
    condition     = length(azurerm_monitor_action_group.this.email_receiver) == 0 && length(local.action_group_ids) == 0
    error_message = "Nobody is to be told."
  }
}

run "an_e_mail_address_is_told" {
  command = plan

  module {
    source = "./modules/sluice"
  }

  variables {
    alert_email = "network-team@example.com"
  }

  assert {
    condition     = azurerm_monitor_action_group.this.email_receiver[0].email_address == "network-team@example.com"
    error_message = "The address must be told."
  }

  assert {
    condition     = one(local.action_group_ids) == azurerm_monitor_action_group.this.id
    error_message = "The alerts must go to it."
  }
}
