# Two resources. Terraform does not run the destroy-time provisioner of a resource whose creation-time provisioner failed, so
# deregistration belongs to one that can't fail. Neither may hold a secret: a destroy plan prints `output` in clear.

resource "terraform_data" "deregistration" {
  input = {
    apigw_url       = var.apigw_url
    script          = "${var.scripts}/deregister.sh"
    subscription_id = var.subscription_id
    variables_files = join(":", var.variables_files)
  }
  triggers_replace = [var.apigw_url, var.subscription_id]

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["/bin/sh"]
    command     = self.input.script
    environment = {
      APIGW_URL       = self.input.apigw_url
      SUBSCRIPTION_ID = self.input.subscription_id
      VARIABLES_FILES = self.input.variables_files
    }
  }

  # So that the gateway is told before its access ends, and that an address which no gateway answers at is never kept here: the
  # corrected one would replace this, and that takes an answer of the mistyped one.
  depends_on = [azurerm_role_assignment.security_reader, var.gateway_known]
}

resource "terraform_data" "registration" {
  input = {
    apigw_url       = var.apigw_url
    application_id  = azuread_application.this.client_id
    regions         = var.regions
    state           = "registered"
    subscription_id = var.subscription_id
  }
  triggers_replace = [
    azuread_application_password.this.key_id,
    terraform_data.deregistration.id,
    var.regions,
    var.token_version,
  ]

  provisioner "local-exec" {
    interpreter = ["/bin/sh"]
    command     = "${var.scripts}/register.sh"
    environment = {
      APIGW_URL          = var.apigw_url
      SUBSCRIPTION_ID    = var.subscription_id
      SUBSCRIPTION_TOKEN = var.subscription_token
      REGISTRATION = jsonencode({
        tenantId      = var.tenant_id
        applicationId = azuread_application.this.client_id
        credential    = azuread_application_password.this.value
        deployment    = var.name
        regions       = var.regions
      })
    }
  }
}
