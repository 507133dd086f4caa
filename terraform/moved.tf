# What an earlier release kept in this root, before modules/sluice.

moved {
  from = terraform_data.installation
  to   = module.sluice.terraform_data.installation
}

moved {
  from = azurerm_resource_group.this
  to   = module.sluice.azurerm_resource_group.this
}

moved {
  from = azurerm_monitor_action_group.this
  to   = module.sluice.azurerm_monitor_action_group.this
}

moved {
  from = azurerm_key_vault.this
  to   = module.sluice.azurerm_key_vault.this
}

moved {
  from = azurerm_role_assignment.vault_officer
  to   = module.sluice.azurerm_role_assignment.vault_officer
}

moved {
  from = terraform_data.vault_open
  to   = module.sluice.terraform_data.vault_open
}

moved {
  from = terraform_data.token_accepted
  to   = module.sluice.terraform_data.token_accepted
}

moved {
  from = azurerm_key_vault_secret.token
  to   = module.sluice.azurerm_key_vault_secret.token
}

moved {
  from = module.identity
  to   = module.sluice.module.identity
}

moved {
  from = module.region
  to   = module.sluice.module.region
}
