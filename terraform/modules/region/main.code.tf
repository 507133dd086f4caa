locals {
  # The console's download has the package beside the module; a checkout has what it is made of.
  ready_made = "${path.module}/../../function.zip"

  # What the package is made of, as dev/package.py has it, so that changed code is deployed and anything else is not.
  sources = fileexists(local.ready_made) ? [filesha256(local.ready_made)] : [
    for name in concat(
      ["dev/bytecode.py", "dev/package.py", "function_app.py", "host.json", "requirements.txt"],
      tolist(fileset(var.source_root, "shared/**/*.py"))
    ) : "${name} ${filesha256("${var.source_root}/${name}")}"
    if name != "shared/cli.py" && !startswith(name, "shared/commands/")
  ]
}

# azurerm 5.2 can't deploy to Flex Consumption by itself: its zip_deploy_file still asks the deployment service of other plans.
resource "terraform_data" "code" {
  triggers_replace = [azurerm_function_app_flex_consumption.this.id, sha256(join("\n", local.sources))]

  provisioner "local-exec" {
    interpreter = ["/bin/sh"]
    command     = "${path.module}/../../scripts/deploy.sh"
    environment = {
      APP_HOST    = azurerm_function_app_flex_consumption.this.default_hostname
      APP_ID      = azurerm_function_app_flex_consumption.this.id
      FUNCTIONS   = join(" ", keys(local.containers))
      READY_MADE  = fileexists(local.ready_made) ? local.ready_made : ""
      SOURCE_ROOT = var.source_root
    }
  }
}
