# Two resources. Terraform does not run the destroy-time provisioner of a resource whose creation-time provisioner failed, so
# deregistration belongs to one that can't fail. Neither may hold a secret: a destroy plan prints `output` in clear.

resource "terraform_data" "deregistration" {
  input = {
    apigw_url       = var.apigw_url
    deployment      = var.deployment
    python          = var.python
    subscription_id = var.subscription_id
    token_secret    = var.token_secret
    variables_files = jsonencode(var.variables_files)
  }
  # What an earlier release registered has no name of its own to add.
  triggers_replace = concat([var.apigw_url, var.subscription_id], var.deployment == var.name ? [] : [var.deployment])

  provisioner "local-exec" {
    when = destroy
    # A path that this machine does not have is another one's, which applied. What release 0.1 wrote has no python and no token_secret, and
    # colons between the files, and no deployment: it was the only one of its subscription.
    interpreter = concat(
      (
        try(length(regexall("[/\\\\]", self.input.python)) == 0 || fileexists(self.input.python), false) ? [self.input.python]
        : can(regex("^[A-Za-z]:", abspath(path.module))) ? ["py", "-3"] : ["python3"]
      ),
      ["-B", "${path.module}/../../setup"]
    )
    command = "deregister"
    environment = {
      APIGW_URL       = self.input.apigw_url
      DEPLOYMENT      = try(self.input.deployment, "")
      SUBSCRIPTION_ID = self.input.subscription_id
      TOKEN_SECRET    = try(self.input.token_secret, "")
      VARIABLES_FILES = try(jsonencode(jsondecode(self.input.variables_files)), jsonencode(split(":", self.input.variables_files)))
    }
  }

  # So that the gateway is told before its access ends. By token_secret this also comes after the gateway took the token: an address
  # which no gateway answers at would be kept here, and the corrected one could replace it only with an answer of the mistyped one. (Not
  # create_before_destroy, with which Terraform runs no destroy-time provisioner.)
  depends_on = [azurerm_role_assignment.security_reader]
}

resource "terraform_data" "registration" {
  input = {
    apigw_url       = var.apigw_url
    application_id  = azuread_application.this.client_id
    cloud           = var.cloud
    deployment      = var.deployment
    regions         = var.regions
    state           = "registered"
    subscription_id = var.subscription_id
  }
  triggers_replace = [
    azuread_application_password.this.key_id,
    var.cloud,
    var.deployment,
    terraform_data.deregistration.id,
    var.regions,
    var.token_version,
  ]

  provisioner "local-exec" {
    interpreter = var.program
    command     = "register"
    environment = {
      APIGW_URL          = var.apigw_url
      SUBSCRIPTION_ID    = var.subscription_id
      SUBSCRIPTION_TOKEN = var.subscription_token
      REGISTRATION = jsonencode({
        tenantId            = var.tenant_id
        applicationId       = azuread_application.this.client_id
        cloud               = var.cloud
        credential          = azuread_application_password.this.value
        credentialExpiresAt = azuread_application_password.this.end_date
        deployment          = var.deployment
        regions             = var.regions
      })
    }
  }
}
