locals {
  # What the package is made of, as dev/package.py has it, so that changed code is deployed and anything else is not.
  sources = var.package != "" ? [filesha256(var.package)] : [
    for name in concat(
      ["dev/bytecode.py", "dev/package.py", "function_app.py", "host.json", "requirements.txt"],
      tolist(fileset(var.source_root, "shared/**/*.py"))
    ) : "${name} ${filesha256("${var.source_root}/${name}")}"
    if name != "shared/cli.py" && !startswith(name, "shared/commands/")
  ]

  # The key that Event Grid calls with. The host would make one of its own once it has loaded the code, but reading that takes a
  # host that answers, at every plan and at destroy. So it follows from a secret that the state has anyway, and is given to the host.
  webhook_key = sha256("event grid/${azurerm_storage_account.this.primary_access_key}")
}

# azurerm 5.2 can't deploy to Flex Consumption by itself: its zip_deploy_file still asks the deployment service of other plans.
resource "terraform_data" "code" {
  triggers_replace = [
    azurerm_function_app_flex_consumption.this.id,
    sha256(join("\n", local.sources)),
    nonsensitive(sha256(local.webhook_key)),
  ]

  provisioner "local-exec" {
    interpreter = var.program
    command     = "deploy"
    environment = {
      APP_HOST    = azurerm_function_app_flex_consumption.this.default_hostname
      APP_ID      = azurerm_function_app_flex_consumption.this.id
      ARM         = var.management
      FUNCTIONS   = join(" ", keys(local.containers))
      READY_MADE  = var.package
      SOURCE_ROOT = var.source_root
      WEBHOOK_KEY = local.webhook_key
    }
  }
}
