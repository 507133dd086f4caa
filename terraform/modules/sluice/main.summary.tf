# The last thing that an apply says. It holds no secret: Terraform shows nothing of what a provisioner says that is given one.
resource "terraform_data" "summary" {
  triggers_replace = [module.identity.registration_id]

  provisioner "local-exec" {
    interpreter = local.program
    command     = "summary"
    environment = {
      APIGW_URL       = module.settings.apigw_url
      CONSOLE         = local.console
      MINUTES         = local.minutes_to_records
      SUBSCRIPTION_ID = module.settings.subscription_id
      TOKEN_SECRET    = azurerm_key_vault_secret.token.versionless_id
      VARIABLES_FILES = jsonencode(var.variables_files)
    }
  }

  depends_on = [module.region]
}
