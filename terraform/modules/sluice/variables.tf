# None is checked here but by modules/settings, which says what is wrong without showing a value. What is null there has its default.

variable "apigw_url" {
  description = "Address of the API gateway, such as https://gateway.example.com."
  type        = string
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
  description = "Id of the Azure subscription to onboard, which is that of the provider azurerm."
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
}

variable "alert_email" {
  description = "E-mail address that alerts go to, such as network-team@example.com. Without it and alert_action_group_id, alerts show only in the portal."
  type        = string
  default     = null
}

variable "credential_lifetime_in_days" {
  description = "Days until the application's credential expires, counted from its creation. The default is 365."
  type        = number
  default     = null
}

variable "deployment_name" {
  description = "Name of this deployment at the gateway, as in its console, such as azure-production. The default is sluice-ID, which is unique to this installation."
  type        = string
  default     = null
}

variable "endpoint_suffix" {
  description = "Domain of the cloud's storage accounts. The default is that of the connection strings, or else core.windows.net."
  type        = string
  default     = null
}

variable "instance_memory_in_mb" {
  description = "Memory of a function app's instance in MB: 512, 2048 or 4096. The default is 512."
  type        = number
  default     = null
}

variable "python" {
  description = "The Python, 3.9 or newer, that runs what Terraform can't do by itself: a name or a path. The default is python3, and on Windows py -3."
  type        = string
  default     = null
}

variable "start_from" {
  description = "Oldest hour that is delivered, in UTC, such as 2026-11-23T15. The default is the hour of installation."
  type        = string
  default     = null
}

variable "subscription_token_version" {
  description = "Increase this with each new subscription_token that is in none of variables_files. The default is 1."
  type        = number
  default     = null
}

variable "tags" {
  description = "Tags for every resource that supports them, such as {\"cost-centre\": \"4711\"}."
  type        = map(string)
  default     = null
}

variable "variables_files" {
  description = "JSON files that may hold subscription_token, in order of precedence: a new token in them is noticed automatically, and destroy takes the token from them. Without them destroy reads it from the vault."
  type        = list(string)
  default     = []
  nullable    = false
}
