output "application_id" {
  description = "Client id of the Entra application that reads the subscription's security state."
  value       = module.sluice.application_id
}

output "function_apps" {
  description = "The function app of each entry of region_set: its location, the storage account that it delivers from, and its own."
  value       = module.sluice.function_apps
}

output "registration" {
  description = "What the gateway accepted at the last registration."
  value       = module.sluice.registration
}

output "view_records" { # the last one: Terraform prints them by name
  description = "The console's page that shows how far the set-up has come, and within how many minutes of apply the first records are there."
  value       = module.sluice.view_records
}
