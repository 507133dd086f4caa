output "alert_action_group_id" {
  description = "Resource id of the action group that alerts go to, or null."
  value       = nonsensitive(var.alert_action_group_id)
}

output "alert_email" {
  description = "E-mail address that alerts go to, or null."
  value       = nonsensitive(var.alert_email)
}

output "apigw_url" {
  description = "Address of the API gateway."
  value       = nonsensitive(var.apigw_url)
}

output "cloud" {
  description = "Name of the cloud, as in the providers' argument environment."
  value       = local.clouds[local.endpoint_suffix]
}

output "connection_strings" {
  description = "Connection string of each entry's storage account, or null."
  value       = { for key, entry in var.region_set : key => try(entry.flow_logs_storage_connection_string, null) }
  sensitive   = true
}

output "credential_lifetime_in_days" {
  description = "Days until the application's credential expires."
  value       = nonsensitive(var.credential_lifetime_in_days)
}

output "deployment_name" {
  description = "Name of the deployment at the gateway, or null for the default."
  value       = nonsensitive(var.deployment_name)
}

output "endpoint_suffix" {
  description = "Domain of the cloud's storage accounts."
  value       = local.endpoint_suffix
}

output "entries" {
  description = "Location, name and, where it was given, resource id of each entry's storage account."
  value       = local.entries
}

output "instance_memory_in_mb" {
  description = "Memory of a function app's instance, in MB."
  value       = nonsensitive(var.instance_memory_in_mb)
}

output "management" {
  description = "Address of Azure Resource Manager in this cloud."
  value       = local.management[local.endpoint_suffix]
}

output "python" {
  description = "The Python that runs the program, or null for the default."
  value       = nonsensitive(var.python)
}

output "start_from" {
  description = "Oldest hour that is delivered, or null."
  value       = nonsensitive(var.start_from)
}

output "subscription_id" {
  description = "Id of the subscription, once it is known to be this state's own."
  value       = var.subscription_id
}

output "subscription_token_version" {
  description = "Number that is increased with a new token that is in no file."
  value       = nonsensitive(var.subscription_token_version)
}

output "tags" {
  description = "Tags of the customer's own."
  value       = nonsensitive(var.tags)
}
