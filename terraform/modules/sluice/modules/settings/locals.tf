locals {
  clouds = {
    "core.chinacloudapi.cn"  = "china"
    "core.usgovcloudapi.net" = "usgovernment"
    "core.windows.net"       = "public"
  }
  management = {
    "core.chinacloudapi.cn"  = "https://management.chinacloudapi.cn"
    "core.usgovcloudapi.net" = "https://management.usgovcloudapi.net"
    "core.windows.net"       = "https://management.azure.com"
  }

  # What a value brings along that was pasted and does not belong to it: quotation marks, and what shows as nothing or as a blank.
  quotation = "[\"'`´‘’‚‛“”„‟«»‹›]"
  unseen    = "[\\s\\p{Z}\\p{C}]"
  pasted    = "${local.quotation}|${local.unseen}"
  around    = "^(?:${local.pasted})|(?:${local.pasted})$" # where they may stand within
  two       = "(?is:AccountName=.*AccountName=)"          # connection strings, one after the other

  suffixes_written = [
    for entry in values(var.region_set) :
    try(regex("(?:^|;)(?i:EndpointSuffix)=([^;]+)", entry.flow_logs_storage_connection_string)[0], "core.windows.net")
    if try(entry.flow_logs_storage_connection_string, null) != null
  ]
  endpoint_suffix = nonsensitive(coalesce(var.endpoint_suffix, try(local.suffixes_written[0], null), "core.windows.net"))

  # Only the account's key is secret; its name, id and location are in names, messages and outputs.
  entries = {
    for key in nonsensitive(keys(var.region_set)) : key => {
      location = nonsensitive(lower(replace(var.region_set[key].location, " ", "")))
      storage_account = nonsensitive(try(
        regex("(?:^|;)(?i:AccountName)=([a-z0-9]{3,24})", var.region_set[key].flow_logs_storage_connection_string)[0],
        reverse(split("/", var.region_set[key].flow_logs_storage_account_id))[0]
      ))
      storage_account_id = nonsensitive(try(var.region_set[key].flow_logs_storage_account_id, null))
    }
  }
}
