# All but subscription_id are marked as sensitive, and none is checked here: Terraform shows the line of terraform.tfvars.json that a
# refused value stands on, and the token and the account keys may stand on the same one. modules/sluice/modules/settings checks them.

variable "apigw_url" {
  description = "Address of the API gateway, such as https://gateway.example.com."
  type        = string
  sensitive   = true
}

variable "region_set" {
  description = <<-TEXT
    The flow logs to deliver: an entry for each storage account that Network Watcher writes to. The keys are arbitrary and become part of names.

    - `location` - (Required) The storage account's location, such as `eastus`.
    - `flow_logs_storage_connection_string` - (Optional) Connection string of the storage account.
    - `flow_logs_storage_account_id` - (Optional) Resource id of the storage account, to read it with a managed identity.

    Each entry has exactly one of the last two.
  TEXT
  type        = map(map(string)) # an object type would drop misspelled keys silently
  sensitive   = true
}

variable "subscription_id" {
  description = "Id of the Azure subscription to onboard. It has no default and does not belong in terraform.tfvars.json, so that apply and destroy ask for it."
  type        = string
}

variable "subscription_token" {
  description = "The subscription token that the gateway's console issued. It is never stored in the state or in a plan."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "alert_action_group_id" {
  description = "Resource id of an action group that alerts go to. It can't be combined with alert_email."
  type        = string
  default     = null
  sensitive   = true
}

variable "alert_email" {
  description = "E-mail address that alerts go to, such as network-team@example.com. Without it and alert_action_group_id, alerts show only in the portal."
  type        = string
  default     = null
  sensitive   = true
}

variable "credential_lifetime_in_days" {
  description = "Days until the application's credential expires, counted from its creation. The default is 365."
  type        = number
  default     = null
  sensitive   = true
}

variable "deployment_name" {
  description = "Name of this deployment at the gateway, as in its console, such as azure-production. The default is sluice-ID, which is unique to this installation."
  type        = string
  default     = null
  sensitive   = true
}

variable "endpoint_suffix" {
  description = "Domain of the cloud's storage accounts. The default is that of the connection strings, or else core.windows.net."
  type        = string
  default     = null
  sensitive   = true
}

variable "instance_memory_in_mb" {
  description = "Memory of a function app's instance in MB: 512, 2048 or 4096. The default is 512."
  type        = number
  default     = null
  sensitive   = true
}

variable "python" {
  description = "The Python, 3.9 or newer, that runs what Terraform can't do by itself: a name or a path. The default is python3, and on Windows py -3."
  type        = string
  default     = null
  sensitive   = true
}

variable "start_from" {
  description = "Oldest hour that is delivered, in UTC, such as 2026-11-23T15. The default is the hour of installation."
  type        = string
  default     = null
  sensitive   = true
}

variable "subscription_token_version" {
  description = "Increase this with each new subscription_token that is not in terraform.tfvars.json. In that file a new one is noticed automatically."
  type        = number
  default     = null
  sensitive   = true
}

variable "tags" {
  description = "Tags for every resource that supports them, such as {\"cost-centre\": \"4711\"}."
  type        = map(string)
  default     = null
  sensitive   = true
}
