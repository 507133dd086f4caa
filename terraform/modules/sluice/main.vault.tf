resource "azurerm_key_vault" "this" {
  name                       = "sluice-${local.suffix}"
  resource_group_name        = azurerm_resource_group.this.name
  location                   = azurerm_resource_group.this.location
  tenant_id                  = data.azurerm_client_config.current.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
  purge_protection_enabled   = false # it would keep the vault after destroy
  soft_delete_retention_days = 7
  tags                       = local.tags

  lifecycle {
    ignore_changes = [purge_protection_enabled] # a policy, or somebody, may switch it on, and nobody can switch it off again
  }
}

# Writing the token takes a role of its own, even for the subscription's owner.
resource "azurerm_role_assignment" "vault_officer" {
  name                 = uuidv5("url", "${azurerm_key_vault.this.id}/vault-officer")
  scope                = azurerm_key_vault.this.id
  role_definition_name = "Key Vault Secrets Officer"
  principal_id         = data.azurerm_client_config.current.object_id

  lifecycle {
    ignore_changes = [name, principal_id] # whoever applies later has a role of their own, and removes nobody else's
  }
}

# The vault takes minutes to learn of a new role, and the provider does not try again.
resource "terraform_data" "vault_open" {
  triggers_replace = [azurerm_role_assignment.vault_officer.id]

  provisioner "local-exec" {
    interpreter = local.program
    command     = "wait-for-vault"
    environment = {
      SUBSCRIPTION_ID = module.settings.subscription_id
      VAULT_URI       = azurerm_key_vault.this.vault_uri
    }
  }
}

# A mistyped token must not replace one that works.
resource "terraform_data" "token_accepted" {
  triggers_replace = [module.settings.apigw_url, local.token_version]

  provisioner "local-exec" {
    interpreter = local.program
    command     = "check-token"
    environment = {
      APIGW_URL          = module.settings.apigw_url
      SUBSCRIPTION_TOKEN = var.subscription_token
    }
  }
}

resource "azurerm_key_vault_secret" "token" {
  name             = "subscription-token"
  key_vault_id     = azurerm_key_vault.this.id
  value_wo         = var.subscription_token
  value_wo_version = local.token_version
  content_type     = "text/plain"
  tags             = local.tags

  depends_on = [terraform_data.token_accepted, terraform_data.vault_open]
}
