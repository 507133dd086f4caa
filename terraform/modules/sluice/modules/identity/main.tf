resource "azuread_application" "this" {
  display_name            = var.name
  prevent_duplicate_names = true # of an apply that was ended, and is to be taken up: setup/adopting.py
  owners                  = [var.owner_object_id]

  lifecycle {
    ignore_changes = [owners] # whoever applies later does not take it over
  }
}

resource "azuread_service_principal" "this" {
  client_id    = azuread_application.this.client_id
  use_existing = true
  owners       = [var.owner_object_id]

  lifecycle {
    ignore_changes = [owners]
  }
}

# Reads what Defender for Cloud and the resources' settings say of the subscription's security, and writes nothing:
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security#security-reader
resource "azurerm_role_assignment" "security_reader" {
  name                             = uuidv5("url", "${var.name}/security-reader/${azuread_service_principal.this.object_id}")
  scope                            = "/subscriptions/${var.subscription_id}"
  role_definition_name             = "Security Reader"
  principal_id                     = azuread_service_principal.this.object_id
  principal_type                   = "ServicePrincipal"
  skip_service_principal_aad_check = true # the directory tells its replicas of a new principal only after a while

  lifecycle {
    ignore_changes = [name] # of an earlier release, which gave none
  }
}

# When the credential was issued. Replacing this issues a new one.
resource "terraform_data" "credential_issued" {
  input            = plantimestamp()
  triggers_replace = [var.credential_lifetime_in_days]

  lifecycle {
    ignore_changes = [input]
  }
}

resource "azuread_application_password" "this" {
  application_id = azuread_application.this.id
  display_name   = "gateway"
  end_date       = timeadd(terraform_data.credential_issued.input, "${24 * var.credential_lifetime_in_days}h")

  lifecycle {
    create_before_destroy = true                               # the gateway is told of the new one before the old one goes
    replace_triggered_by  = [terraform_data.credential_issued] # also within the second that the old one was issued in
  }
}

check "credential" {
  assert {
    condition     = timecmp(timeadd(plantimestamp(), "720h"), azuread_application_password.this.end_date) < 0
    error_message = "The application's credential expires within 30 days. Issue a new one: terraform apply -replace=module.sluice.module.identity.terraform_data.credential_issued (where a module of your own calls Sluice: `terraform state list` has the address, which ends in credential_issued)"
  }
}
