variable "apigw_url" {
  description = "Address of the API gateway."
  type        = string
  nullable    = false
}

variable "cloud" {
  description = "Name of the cloud, as the gateway's API has it."
  type        = string
  nullable    = false
}

variable "credential_lifetime_in_days" {
  description = "Days until the application's credential expires, counted from its creation."
  type        = number
  nullable    = false
}

variable "deployment" {
  description = "Name of this deployment at the gateway."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the application, which is also what earlier releases called the deployment."
  type        = string
  nullable    = false
}

variable "owner_object_id" {
  description = "Object id of the application's owner."
  type        = string
  nullable    = false
}

variable "program" {
  description = "The command that runs the program in this module's folder setup."
  type        = list(string)
  nullable    = false
}

variable "regions" {
  description = "What is registered: location, flow-log storage account and function app of each region. The keys are those of the gateway's API."
  type        = list(object({ location = string, storageAccount = string, functionApp = string }))
  nullable    = false
}

variable "subscription_id" {
  description = "Id of the subscription that is read and registered."
  type        = string
  nullable    = false
}

variable "subscription_token" {
  description = "Token that the gateway accepts from this customer."
  type        = string
  nullable    = false
  ephemeral   = true
  sensitive   = true
}

variable "tenant_id" {
  description = "Id of the application's tenant."
  type        = string
  nullable    = false
}

variable "token_secret" {
  description = "Address of the Key Vault secret that holds the token, for a destroy that finds it nowhere else."
  type        = string
  nullable    = false
}

variable "token_version" {
  description = "A number that changes with the token."
  type        = number
  nullable    = false
}

variable "variables_files" {
  description = "Files that may hold the token when the subscription is deregistered, in order of precedence."
  type        = list(string)
  nullable    = false
}

variable "python" {
  description = "The Python that runs the program at destroy; null for that machine's default."
  type        = string
  default     = null
}
