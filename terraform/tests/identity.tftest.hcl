mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

mock_provider "azuread" {
  source          = "./tests/mocks/azuread"
  override_during = plan
}

variables {
  apigw_url                   = "https://gateway.example.com"
  cloud                       = "public"
  credential_lifetime_in_days = 365
  deployment                  = "azure-production"
  name                        = "sluice-0a1b2c3d"
  owner_object_id             = "33333333-3333-3333-3333-333333333333"
  program                     = ["python3", "-B", "./modules/sluice/setup"]
  regions                     = [{ location = "eastus", storageAccount = "flowlogs", functionApp = "sluice-location1-0a1b2c3d" }]
  subscription_id             = "22222222-2222-2222-2222-222222222222"
  subscription_token          = "a-token-of-the-test"
  tenant_id                   = "11111111-1111-1111-1111-111111111111"
  token_secret                = "https://vault.vault.azure.net/secrets/subscription-token"
  token_version               = 1
  variables_files             = ["./terraform.tfvars.json"]
}

run "the_application_may_read_the_security_state_and_nothing_more" {
  command = plan

  module {
    source = "./modules/sluice/modules/identity"
  }

  assert {
    condition     = azurerm_role_assignment.security_reader.role_definition_name == "Security Reader"
    error_message = "The role must be Security Reader."
  }

  assert {
    condition     = azurerm_role_assignment.security_reader.scope == "/subscriptions/22222222-2222-2222-2222-222222222222"
    error_message = "The role must be on this subscription alone."
  }

  assert {
    condition     = azurerm_role_assignment.security_reader.principal_id == azuread_service_principal.this.object_id
    error_message = "The role must be the application's."
  }
}

run "the_credential_has_an_end" {
  command = plan

  module {
    source = "./modules/sluice/modules/identity"
  }

  variables {
    credential_lifetime_in_days = 30
  }

  assert {
    condition     = azuread_application_password.this.end_date == timeadd(terraform_data.credential_issued.input, "720h")
    error_message = "The credential must end as many days after its creation as it is told to live."
  }

  # It is as long as the warning goes ahead of the end.
  expect_failures = [check.credential]
}

run "what_destroy_needs_is_no_secret" {
  command = plan

  module {
    source = "./modules/sluice/modules/identity"
  }

  assert {
    condition     = toset(keys(terraform_data.deregistration.input)) == toset(["apigw_url", "deployment", "python", "subscription_id", "token_secret", "variables_files"])
    error_message = "A destroy plan prints all of this in clear."
  }

  assert {
    condition     = toset(keys(terraform_data.registration.input)) == toset(["apigw_url", "application_id", "cloud", "deployment", "regions", "state", "subscription_id"])
    error_message = "A destroy plan prints all of this in clear."
  }
}
