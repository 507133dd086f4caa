variable "apigw_url" {
  description = "Address of the API gateway, such as https://gateway.example.com."
  type        = string
  nullable    = false

  validation {
    condition     = !can(regex(local.pasted, var.apigw_url))
    error_message = "apigw_url is in quotes, or has quotation marks, spaces or line breaks in it. Remove them."
  }

  validation {
    condition = can(regex(local.pasted, var.apigw_url)) || can(regex(
      "^(https://[A-Za-z0-9.-]+|http://(localhost|127[.]0[.]0[.]1))(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$", var.apigw_url
    ))
    error_message = "apigw_url must be an https:// address without user, query or fragment, such as https://gateway.example.com."
  }
}

variable "installed_in" {
  description = "Id of the subscription that the state was created with."
  type        = string
  nullable    = false
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
  nullable    = false
  sensitive   = true # holds storage account keys

  validation {
    condition     = length(var.region_set) > 0
    error_message = "region_set must have an entry, such as {\"location1\": {\"location\": \"eastus\", ...}}."
  }

  validation {
    condition     = alltrue([for key in keys(var.region_set) : can(regex("^[a-z][a-z0-9]{0,15}$", key))])
    error_message = "The keys of region_set must be 1 to 16 lower-case letters and digits, a letter first, such as location1."
  }

  validation {
    condition = alltrue([
      for entry in values(var.region_set) : length(setsubtract(
        keys(entry), ["location", "flow_logs_storage_account_id", "flow_logs_storage_connection_string"]
      )) == 0
    ])
    error_message = "The keys of an entry of region_set must be location and one of flow_logs_storage_connection_string and flow_logs_storage_account_id. Check their spelling."
  }

  validation {
    condition     = !anytrue([for entry in values(var.region_set) : can(regex(local.around, entry.location))])
    error_message = "location in an entry of region_set is in quotes, or has a quotation mark, a space or a line break at either end. Remove it."
  }

  validation {
    condition = alltrue([
      for entry in values(var.region_set) :
      can(regex("${local.around}|^[A-Za-z0-9 ]{3,40}$", entry.location))
    ])
    error_message = "location in each entry of region_set must be an Azure location, such as eastus."
  }

  validation {
    condition = alltrue([
      for entry in values(var.region_set) :
      (try(entry.flow_logs_storage_connection_string, null) == null) != (try(entry.flow_logs_storage_account_id, null) == null)
    ])
    error_message = "Each entry of region_set must have exactly one of flow_logs_storage_connection_string and flow_logs_storage_account_id."
  }

  validation {
    condition = !anytrue([
      for entry in values(var.region_set) : can(regex(local.quotation, entry.flow_logs_storage_connection_string))
    ])
    error_message = "flow_logs_storage_connection_string in an entry of region_set is in quotes, or has quotation marks in it. Remove them."
  }

  validation {
    condition = !anytrue([
      for entry in values(var.region_set) : can(regex(local.unseen, entry.flow_logs_storage_connection_string))
    ])
    error_message = "flow_logs_storage_connection_string in an entry of region_set has a line break, a space or an invisible character in it or at either end. Remove it."
  }

  validation {
    condition = !anytrue([
      for entry in values(var.region_set) : can(regex(
        "^(?i)[^;=]*=\\s*[\"']?(DefaultEndpointsProtocol|AccountName|AccountKey|BlobEndpoint|EndpointSuffix)=",
        entry.flow_logs_storage_connection_string
      ))
    ])
    error_message = "flow_logs_storage_connection_string in an entry of region_set begins with a name, like a line of a script. Keep only what comes after the name."
  }

  validation {
    condition = !anytrue([
      for entry in values(var.region_set) : can(regex(local.two, entry.flow_logs_storage_connection_string))
    ])
    error_message = "flow_logs_storage_connection_string in an entry of region_set has two connection strings, one after the other. Keep one."
  }

  validation {
    condition = alltrue([
      for entry in values(var.region_set) :
      try(entry.flow_logs_storage_connection_string, null) == null ||
      can(regex(local.pasted, entry.flow_logs_storage_connection_string)) || (
        can(regex("(?:^|;)(?i:AccountName)=[A-Za-z0-9]{3,24}(?:;|$)", entry.flow_logs_storage_connection_string)) &&
        can(regex("(?:^|;)(?i:AccountKey)=[A-Za-z0-9+/]+={0,2}(?:;|$)", entry.flow_logs_storage_connection_string)) &&
        !can(regex("(?:^|;)(?i:DefaultEndpointsProtocol=http)(?:;|$)", entry.flow_logs_storage_connection_string)) &&
        !can(regex("(?:^|;)(?i:BlobEndpoint=http:)", entry.flow_logs_storage_connection_string))
      )
    ])
    error_message = "flow_logs_storage_connection_string must be copied whole from the storage account's access keys, such as DefaultEndpointsProtocol=https;AccountName=...;AccountKey=...;EndpointSuffix=core.windows.net."
  }

  validation {
    condition = !anytrue([
      for entry in values(var.region_set) :
      can(regex("(?:^|;)(?i:AccountName)=[^;]*[A-Z]", entry.flow_logs_storage_connection_string))
    ])
    error_message = "AccountName in flow_logs_storage_connection_string must be in lower case, as Azure names storage accounts, such as AccountName=flowlogs1."
  }

  # An account under two names would be delivered twice. A domain of one's own tells no name, and is taken.
  validation {
    condition = alltrue([
      for entry in values(var.region_set) : try(lower(regex(
        "(?:^|;)(?i:BlobEndpoint=https)://([A-Za-z0-9]{3,24})(?:-[A-Za-z0-9-]+)?(?i:[.]privatelink|[.]z[0-9]{1,2})*(?i:[.]blob[.](?:core|storage)[.])",
        entry.flow_logs_storage_connection_string
      )[0]) == lower(regex("(?:^|;)(?i:AccountName)=([A-Za-z0-9]+)", entry.flow_logs_storage_connection_string)[0]), true)
    ])
    error_message = "AccountName and BlobEndpoint in flow_logs_storage_connection_string name two storage accounts. Copy it whole from the storage account's access keys."
  }

  validation {
    condition = alltrue([
      for entry in values(var.region_set) :
      try(entry.flow_logs_storage_connection_string, null) == null ||
      can(regex("${local.pasted}|${local.two}", entry.flow_logs_storage_connection_string)) || contains(
        var.endpoint_suffix == null ? keys(local.clouds) : [var.endpoint_suffix],
        try(regex("(?:^|;)(?i:EndpointSuffix)=([^;]*)", entry.flow_logs_storage_connection_string)[0], "core.windows.net")
      )
    ])
    error_message = "EndpointSuffix in flow_logs_storage_connection_string must be one of ${join(", ", keys(local.clouds))}, and the same as endpoint_suffix where that is given, such as EndpointSuffix=core.windows.net."
  }

  validation {
    condition = length(distinct([ # not local.suffixes_written, which follows from this variable
      for entry in values(var.region_set) :
      try(regex("(?:^|;)(?i:EndpointSuffix)=([^;]+)", entry.flow_logs_storage_connection_string)[0], "core.windows.net")
      if try(entry.flow_logs_storage_connection_string, null) != null &&
      !can(regex("${local.pasted}|${local.two}", entry.flow_logs_storage_connection_string))
    ])) <= 1
    error_message = "EndpointSuffix must be the same in each flow_logs_storage_connection_string, such as EndpointSuffix=core.windows.net: a subscription is in one cloud."
  }

  validation {
    condition = !anytrue([
      for entry in values(var.region_set) : can(regex(local.around, entry.flow_logs_storage_account_id))
    ])
    error_message = "flow_logs_storage_account_id in an entry of region_set is in quotes, or has a quotation mark, a space or a line break at either end. Remove it."
  }

  validation {
    condition = alltrue([
      for entry in values(var.region_set) : try(entry.flow_logs_storage_account_id, null) == null || can(regex(
        "${local.around}|^(?i:/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]Storage/storageAccounts)/[a-z0-9]{3,24}$",
        entry.flow_logs_storage_account_id
      ))
    ])
    error_message = "flow_logs_storage_account_id must be a storage account's resource id with its name in lower case, such as /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Storage/storageAccounts/NAME."
  }

  validation {
    condition = length(var.region_set) == length(distinct([
      for entry in values(var.region_set) : try(
        regex("(?:^|;)(?i:AccountName)=([a-z0-9]+)", entry.flow_logs_storage_connection_string)[0],
        reverse(split("/", entry.flow_logs_storage_account_id))[0], ""
      )
    ]))
    error_message = "Each entry of region_set must have a storage account of its own, such as one for eastus and one for westeurope."
  }
}

variable "subscription_id" {
  description = "Id of the Azure subscription to onboard. It has no default and does not belong in terraform.tfvars.json, so that apply and destroy ask for it."
  type        = string
  nullable    = false

  validation {
    condition     = !can(regex(local.pasted, var.subscription_id))
    error_message = "subscription_id is in quotes, or has quotation marks, spaces or line breaks in it. Remove them."
  }

  validation {
    condition     = can(regex("${local.pasted}|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.subscription_id))
    error_message = "subscription_id must be a GUID in lower case, such as 00000000-0000-0000-0000-000000000000. `az account list --output table` shows yours."
  }

  # This stops a destroy as well, where preconditions only warn.
  validation {
    condition     = var.subscription_id == var.installed_in
    error_message = "This state belongs to another subscription, ${var.installed_in}, and nothing was changed. Each subscription has a state of its own: run `terraform workspace new NAME` for a further one, or `terraform workspace select NAME` to go back to one."
  }
}

variable "subscription_token" {
  description = "The subscription token that the gateway's console issued. It is never stored in the state or in a plan."
  type        = string
  nullable    = false
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = !can(regex(local.pasted, var.subscription_token))
    error_message = "subscription_token is in quotes, or has quotation marks, spaces or line breaks in it. Paste only the token."
  }

  validation {
    condition     = !can(regex("^(?i:(?:TF_VAR_)?SUBSCRIPTION_TOKEN[=:])", var.subscription_token))
    error_message = "subscription_token begins with a name, like a line of a script. Keep only what comes after the name."
  }

  validation {
    condition     = can(regex("${local.pasted}|^[!-~]{8,}$", var.subscription_token))
    error_message = "subscription_token must be only the token, as the gateway's console shows it, such as KQaKwYgnVA2Y_R8G..."
  }
}

variable "alert_action_group_id" {
  description = "Resource id of an action group that alerts go to. It can't be combined with alert_email."
  type        = string
  default     = null

  validation {
    condition     = !can(regex(local.around, var.alert_action_group_id))
    error_message = "alert_action_group_id is in quotes, or has a quotation mark, a space or a line break at either end. Remove it."
  }

  validation {
    condition = var.alert_action_group_id == null || can(regex(
      "${local.around}|(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]Insights/actionGroups/[^/]+$",
      var.alert_action_group_id
    ))
    error_message = "alert_action_group_id must be an action group's resource id, such as /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Insights/actionGroups/NAME."
  }

  validation {
    condition     = var.alert_action_group_id == null || var.alert_email == null
    error_message = "Set alert_email or alert_action_group_id, but not both, such as only alert_email."
  }
}

variable "alert_email" {
  description = "E-mail address that alerts go to, such as network-team@example.com. Without it and alert_action_group_id, alerts show only in the portal."
  type        = string
  default     = null

  validation {
    condition     = !can(regex("${local.around}|${local.unseen}", var.alert_email))
    error_message = "alert_email is in quotes, or has spaces or line breaks in it. Remove them."
  }

  validation {
    condition     = var.alert_email == null || can(regex("${local.around}|${local.unseen}|^[^@ ]+@[^@ ]+[.][^@ ]+$", var.alert_email))
    error_message = "alert_email must be one e-mail address, such as network-team@example.com."
  }
}

variable "credential_lifetime_in_days" {
  description = "Days until the application's credential expires, counted from its creation."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains(range(1, 731), var.credential_lifetime_in_days)
    error_message = "credential_lifetime_in_days must be a whole number from 1 to 730, such as 180."
  }
}

variable "deployment_name" {
  description = "Name of this deployment at the gateway. The default is sluice-ID."
  type        = string
  default     = null

  validation {
    condition     = !can(regex(local.pasted, var.deployment_name))
    error_message = "deployment_name is in quotes, or has quotation marks, spaces or line breaks in it. Remove them."
  }

  validation {
    condition = (
      var.deployment_name == null || can(regex(local.pasted, var.deployment_name)) ||
      can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", var.deployment_name))
    )
    error_message = "deployment_name must be 1 to 64 letters, digits, dots, hyphens and underscores, a letter or digit first, such as azure-production."
  }
}

variable "endpoint_suffix" {
  description = "Domain of the cloud's storage accounts. It is taken from the connection strings if there are any; without them it is required outside the public cloud."
  type        = string
  default     = null

  validation {
    condition     = !can(regex(local.pasted, var.endpoint_suffix))
    error_message = "endpoint_suffix is in quotes, or has quotation marks, spaces or line breaks in it. Remove them."
  }

  validation {
    condition = (
      var.endpoint_suffix == null || can(regex(local.pasted, var.endpoint_suffix)) ||
      contains(keys(local.clouds), coalesce(var.endpoint_suffix, "none"))
    )
    error_message = "endpoint_suffix must be one of ${join(", ", keys(local.clouds))}."
  }
}

variable "instance_memory_in_mb" {
  description = "Memory of a function app's instance, in MB."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = contains([512, 2048, 4096], var.instance_memory_in_mb)
    error_message = "instance_memory_in_mb must be 512, 2048 or 4096, such as 2048."
  }
}

variable "python" {
  description = "The Python that runs the program, by name or path. The default is python3, and on Windows py -3."
  type        = string
  default     = null

  validation {
    condition     = var.python == null || (can(regex("^[^\\s\"'`][^\"'`\\p{C}]*$", var.python)) && !can(regex("\\s-", var.python)))
    error_message = "python must be the name or the path of a Python 3.9 or newer, without quotation marks and options, such as python3.13."
  }
}

variable "start_from" {
  description = "Oldest hour that is delivered, in UTC, such as 2026-11-23T15. The default is the hour of installation."
  type        = string
  default     = null

  validation {
    condition     = !can(regex(local.pasted, var.start_from))
    error_message = "start_from is in quotes, or has quotation marks, spaces or line breaks in it. Remove them."
  }

  validation {
    condition = var.start_from == null || can(regex(local.pasted, var.start_from)) || (
      can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2})?$", var.start_from)) &&
      can(timeadd("${substr("${var.start_from}T00", 0, 13)}:00:00Z", "0h")) # a day and an hour that there are
    )
    error_message = "start_from must be an hour or a day in UTC, such as 2026-11-23T15 or 2026-11-23."
  }
}

variable "subscription_token_version" {
  description = "Increase this with each new subscription_token that is not in terraform.tfvars.json. In that file a new one is noticed automatically."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.subscription_token_version == floor(var.subscription_token_version) && var.subscription_token_version > 0
    error_message = "subscription_token_version must be a whole number, such as 2."
  }
}

variable "tags" {
  description = "Tags for every resource that supports them."
  type        = map(string)
  default     = {}
  nullable    = false

  # A Key Vault secret carries 15 tags, a storage account's have names of up to 128 characters, and two or three of them are ours.
  validation {
    condition = length(var.tags) <= (var.deployment_name == null ? 13 : 12) && alltrue([
      for key, value in var.tags : can(regex("^[^<>%&\\\\?/]{1,128}$", key)) && length(value) <= 256
    ])
    error_message = "tags must be at most ${var.deployment_name == null ? 13 : 12}, with names of up to 128 characters without <>%&\\?/ and values of up to 256, such as {\"cost-centre\": \"4711\"}."
  }

  validation {
    condition = alltrue([
      for key in keys(var.tags) :
      !contains(var.deployment_name == null ? ["application", "installation"] : ["application", "deployment", "installation"], lower(key))
    ])
    error_message = "tags must not have application, deployment or installation, which Sluice sets itself, but names such as {\"cost-centre\": \"4711\"}."
  }
}
