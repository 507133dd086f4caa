locals {
  installation = terraform_data.installation.input
  suffix       = substr(sha256("${local.installation.subscription_id}/${local.installation.begun}"), 0, 8)
  tags         = merge(module.settings.tags, { application = "sluice", installation = local.suffix })

  # An ephemeral value can't tell whether it changed since the last run, the file that it comes from can. A workspace's own file
  # goes before the common one. 32 bits of a hash tell one token from the next, and tell nothing about the token.
  variables_files = ["${path.root}/${terraform.workspace}.tfvars.json", "${path.root}/terraform.tfvars.json"]
  token_written = sensitive(try(coalesce([
    for name in local.variables_files : try(jsondecode(file(name)).subscription_token, "") if fileexists(name)
  ]...), ""))
  token_version = nonsensitive(
    parseint(substr(sha256("${local.token_written}/${module.settings.subscription_token_version}"), 0, 8), 16)
  )
}
