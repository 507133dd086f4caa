locals {
  installation = terraform_data.installation.input
  # One that release 0.1 made keeps its names, which follow from the subscription and the time.
  suffix = substr(sha256(join("/", compact([
    local.installation.subscription_id,
    local.installation.begun,
    can(local.installation.named_by) ? terraform_data.installation.id : "",
  ]))), 0, 8)
  names = { for key in keys(module.settings.entries) : key => "sluice-${key}-${local.suffix}" }
  tags = merge(
    module.settings.tags,
    { application = "sluice", installation = local.suffix },
    module.settings.deployment_name == null ? {} : { deployment = module.settings.deployment_name },
  )

  deployment = coalesce(module.settings.deployment_name, "sluice-${local.suffix}")
  # Only a deployment that was configured in the console has a page there.
  console = join("", [
    trimsuffix(module.settings.apigw_url, "/"),
    module.settings.deployment_name == null ? "/setup/registrations" : "/setup/flow-logs/${local.deployment}",
  ])
  minutes_to_records = 5 # a minute or two until Azure writes a log, and the first instance's start

  # What runs the program in setup/: nothing else of the machine, and no shell. Python has another name on Windows.
  windows = can(regex("^[A-Za-z]:", abspath(path.module)))
  python  = module.settings.python != null ? [module.settings.python] : local.windows ? ["py", "-3"] : ["python3"]
  program = concat(local.python, ["-B", "${path.module}/setup"])

  # The console's download has the package beside its root module; a checkout has what it is made of.
  package = "${path.module}/../../function.zip"

  # An ephemeral value can't tell whether it changed since the last run, the file that it comes from can. 32 bits of a hash tell one
  # token from the next, and tell nothing about the token.
  token_written = sensitive(try(coalesce([
    for name in var.variables_files : try(jsondecode(file(name)).subscription_token, "") if fileexists(name)
  ]...), ""))
  token_version = nonsensitive(
    parseint(substr(sha256("${local.token_written}/${module.settings.subscription_token_version}"), 0, 8), 16)
  )
}
