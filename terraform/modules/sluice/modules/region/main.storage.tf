# The function app's own account: its package, the host's queue, a table of checkpoints, quarantine and dead letters.
# The app makes the table itself, with the key that it has for everything here. A network of your own needs private
# endpoints for blob, queue and table.
resource "azurerm_storage_account" "this" {
  name                            = var.short_name
  resource_group_name             = azurerm_resource_group.this.name
  location                        = azurerm_resource_group.this.location
  account_tier                    = "Standard"
  account_replication_type        = "LRS"
  allow_nested_items_to_be_public = false
  local_user_enabled              = false
  min_tls_version                 = "TLS1_2"
  tags                            = var.tags
}

resource "azurerm_storage_container" "this" {
  for_each = toset(["dead-letters", "packages"])

  name               = each.key
  storage_account_id = azurerm_storage_account.this.id
}

# A dead letter only names a blob, which the sweep finds without it. What is wrong shows in weeks.
resource "azurerm_storage_management_policy" "this" {
  storage_account_id = azurerm_storage_account.this.id

  rule {
    name    = "dead-letters"
    enabled = true

    filters {
      blob_types   = ["blockBlob"]
      prefix_match = ["${azurerm_storage_container.this["dead-letters"].name}/"]
    }

    actions {
      base_blob {
        delete_after_days_since_modification_greater_than = 30
      }
    }
  }
}
