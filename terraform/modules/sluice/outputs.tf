output "application_id" {
  description = "Client id of the Entra application that reads the subscription's security state."
  value       = module.identity.application_id
}

output "cloud" {
  description = "Name of the cloud that region_set and endpoint_suffix imply, as in the providers' argument environment."
  value       = module.settings.cloud
}

output "function_apps" {
  description = "The function app of each entry of region_set: its location, the storage account that it delivers from, and its own."
  value = {
    for key, entry in module.settings.entries : key => {
      name            = module.region[key].function_app_name
      resource_group  = module.region[key].resource_group_name
      location        = entry.location
      storage_account = entry.storage_account
      own_account     = module.region[key].own_account_name
    }
  }
}

output "registration" {
  description = "What the gateway accepted at the last registration."
  value       = module.identity.registration
}

output "view_records" {
  description = "The console's page that shows how far the set-up has come, and within how many minutes of apply the first records are there."
  value = {
    console               = local.console
    first_records_minutes = local.minutes_to_records
  }
}

output "subscription_id" {
  description = "Id of the subscription, known only once the state is certain to belong to it. A provider azurerm that is configured with it changes nothing in another subscription."
  value       = module.settings.subscription_id
}
