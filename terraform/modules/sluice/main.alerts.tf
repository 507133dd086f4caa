locals {
  action_group_ids = compact([module.settings.alert_action_group_id, one(azurerm_monitor_action_group.this[*].id)])
}

resource "azurerm_monitor_action_group" "this" {
  count = module.settings.alert_email == null ? 0 : 1

  name                = "sluice-${local.suffix}"
  resource_group_name = azurerm_resource_group.this.name
  short_name          = "sluice"
  tags                = local.tags

  email_receiver {
    name                    = "operators"
    email_address           = module.settings.alert_email
    use_common_alert_schema = true
  }

  lifecycle {
    create_before_destroy = true # so that it goes after the alert rules have let go of it
  }
}
