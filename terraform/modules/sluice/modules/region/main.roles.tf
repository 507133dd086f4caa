resource "azurerm_role_assignment" "token" {
  name                             = uuidv5("url", "${var.name}/token/${azurerm_user_assigned_identity.this.principal_id}")
  scope                            = var.token_secret.id
  role_definition_name             = "Key Vault Secrets User"
  principal_id                     = azurerm_user_assigned_identity.this.principal_id
  principal_type                   = "ServicePrincipal"
  skip_service_principal_aad_check = true

  lifecycle {
    ignore_changes = [name] # of an earlier release, which gave none
  }
}

# Reader is for Sluice, which never writes to the flow logs; the queue is the Functions host's, for events that failed.
resource "azurerm_role_assignment" "flow_logs" {
  for_each = toset(local.by_identity ? ["Storage Blob Data Reader", "Storage Queue Data Contributor"] : [])

  name                             = uuidv5("url", "${var.name}/${each.key}/${azurerm_user_assigned_identity.this.principal_id}")
  scope                            = local.flow_logs_account_id
  role_definition_name             = each.key
  principal_id                     = azurerm_user_assigned_identity.this.principal_id
  principal_type                   = "ServicePrincipal"
  skip_service_principal_aad_check = true

  lifecycle {
    ignore_changes       = [name, scope]
    replace_triggered_by = [terraform_data.flow_logs_account]
  }
}
