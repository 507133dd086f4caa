locals {
  clouds = {
    "core.chinacloudapi.cn"  = "china"
    "core.usgovcloudapi.net" = "usgovernment"
    "core.windows.net"       = "public"
  }
  cloud           = local.clouds[local.endpoint_suffix]
  endpoint_suffix = coalesce(var.endpoint_suffix, one(local.named_suffixes), "core.windows.net")
  named_suffixes = nonsensitive(distinct([
    for entry in values(var.region_set) :
    try(regex("(?:^|;)(?i:EndpointSuffix)=([^;]+)", entry.flow_logs_storage_connection_string)[0], "core.windows.net")
    if try(entry.flow_logs_storage_connection_string, null) != null
  ]))

  # Only the account's key is secret; its name, id and location are in names, messages and outputs.
  entries = {
    for key in nonsensitive(keys(var.region_set)) : key => {
      connection_string = try(var.region_set[key].flow_logs_storage_connection_string, null)
      location          = nonsensitive(lower(replace(var.region_set[key].location, " ", "")))
      storage_account = nonsensitive(try(
        regex("(?:^|;)(?i:AccountName)=([a-z0-9]{3,24})", var.region_set[key].flow_logs_storage_connection_string)[0],
        reverse(split("/", var.region_set[key].flow_logs_storage_account_id))[0]
      ))
      storage_account_id = nonsensitive(try(var.region_set[key].flow_logs_storage_account_id, null))
    }
  }

  installation = terraform_data.installation.input
  suffix       = substr(sha256("${local.installation.subscription_id}/${local.installation.begun}"), 0, 8)
  tags         = merge(var.tags, { application = "sluice", installation = local.suffix })

  # An ephemeral value can't tell whether it changed since the last run, the file that it comes from can. A workspace's own file
  # goes before the common one. 32 bits of a hash tell one token from the next, and tell nothing about the token.
  variables_files = ["${path.root}/${terraform.workspace}.tfvars.json", "${path.root}/terraform.tfvars.json"]
  token_written = try(coalesce([
    for name in local.variables_files : try(jsondecode(file(name)).subscription_token, "") if fileexists(name)
  ]...), "")
  token_version = parseint(substr(sha256("${local.token_written}/${var.subscription_token_version}"), 0, 8), 16)
}
