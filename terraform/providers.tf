provider "azurerm" {
  environment     = module.sluice.cloud
  subscription_id = module.sluice.subscription_id # no call before it is known to be this state's own

  resource_provider_registrations = "none"
  resource_providers_to_register = [
    "Microsoft.App",
    "Microsoft.EventGrid",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
    "Microsoft.Web",
  ]

  features {
    # What an interrupted apply made and did not write down belongs to the next one: names are unique to this installation.
    persist_id_on_create_before_polling_for_completion                   = true
    skip_import_check_on_create_and_allow_overwriting_existing_resources = true

    key_vault {
      purge_soft_delete_on_destroy    = true
      recover_soft_deleted_key_vaults = false
    }

    log_analytics_workspace {
      permanently_delete_on_destroy = true
    }

    resource_group {
      # Application Insights puts an action group of its own into the group, which Terraform does not know of.
      prevent_deletion_if_contains_resources = false
    }
  }
}

provider "azuread" {
  environment = module.sluice.cloud
  tenant_id   = data.azurerm_client_config.current.tenant_id
}
