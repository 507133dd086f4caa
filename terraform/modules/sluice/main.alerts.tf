locals {
  action_group_ids = compact([
    module.settings.alert_action_group_id,
    module.settings.alert_email == null ? "" : azurerm_monitor_action_group.this.id,
  ])
}

# Always there, and without an address it notifies nobody: Terraform would delete it before the alert rules stop using it.
resource "azurerm_monitor_action_group" "this" {
  name                = "sluice-${local.suffix}"
  resource_group_name = azurerm_resource_group.this.name
  short_name          = "sluice"
  tags                = local.tags

  dynamic "email_receiver" {
    for_each = module.settings.alert_email == null ? [] : [module.settings.alert_email]

    content {
      name                    = "operators"
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

moved {
  from = azurerm_monitor_action_group.this[0]
  to   = azurerm_monitor_action_group.this
}
