variable "apigw_url" {
  description = "Address of the API gateway."
  type        = string
  nullable    = false
}

variable "endpoint_suffix" {
  description = "Domain of the cloud's storage accounts, such as core.windows.net."
  type        = string
  nullable    = false
}

variable "flow_logs_storage_account" {
  description = "Name of the storage account that Network Watcher writes to."
  type        = string
  nullable    = false
}

variable "instance_memory_in_mb" {
  description = "Memory of a function app's instance, in MB."
  type        = number
  nullable    = false
}

variable "location" {
  description = "Location of everything here, in lower case without spaces."
  type        = string
  nullable    = false
}

variable "management" {
  description = "Address of Azure Resource Manager in this cloud, such as https://management.azure.com."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the resource group and of what is in it."
  type        = string
  nullable    = false
}

variable "package" {
  description = "The function app's package, relative to where terraform runs; empty to build it from source_root."
  type        = string
  nullable    = false
}

variable "program" {
  description = "The command that runs the program in this module's folder setup."
  type        = list(string)
  nullable    = false
}

variable "short_name" {
  description = "Name of the function app's own storage account."
  type        = string
  nullable    = false
}

variable "source_root" {
  description = "Folder of the function app's code, relative to where terraform runs."
  type        = string
  nullable    = false
}

variable "subscription_id" {
  description = "Id of the subscription."
  type        = string
  nullable    = false
}

variable "token_secret" {
  description = "The Key Vault secret that holds the subscription token: its resource id for the role, its URI for the app."
  type        = object({ id = string, uri = string })
  nullable    = false
}

variable "action_group_ids" {
  description = "Action groups that alerts go to."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "flow_logs_storage_account_id" {
  description = "Resource id of the flow logs' storage account, to read it with a managed identity."
  type        = string
  default     = null
}

variable "flow_logs_storage_connection_string" {
  description = "Connection string of the flow logs' storage account, if there is no id."
  type        = string
  default     = null
  sensitive   = true
}

variable "start_from" {
  description = "Oldest hour that is delivered, in UTC; null for the hour of installation."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags for every resource that supports them."
  type        = map(string)
  default     = {}
  nullable    = false
}
