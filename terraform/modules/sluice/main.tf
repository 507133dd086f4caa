# Fixed once and for all by the first apply. Its id makes names differ from those of an installation that was destroyed before, some of
# which Azure still holds on to, and from those of another call of the module.
resource "terraform_data" "installation" {
  input = {
    begun           = plantimestamp()
    location        = values(module.settings.entries)[0].location
    named_by        = "id"
    subscription_id = var.subscription_id
  }

  lifecycle {
    ignore_changes = [input]
  }
}

module "settings" {
  source = "./modules/settings"

  alert_action_group_id       = var.alert_action_group_id
  alert_email                 = var.alert_email
  apigw_url                   = var.apigw_url
  credential_lifetime_in_days = var.credential_lifetime_in_days
  deployment_name             = var.deployment_name
  endpoint_suffix             = var.endpoint_suffix
  installed_in                = local.installation.subscription_id
  instance_memory_in_mb       = var.instance_memory_in_mb
  python                      = var.python
  region_set                  = var.region_set
  start_from                  = var.start_from
  subscription_id             = var.subscription_id
  subscription_token          = var.subscription_token
  subscription_token_version  = var.subscription_token_version
  tags                        = var.tags
}

data "azurerm_client_config" "current" {}

resource "azurerm_resource_group" "this" {
  name     = "sluice-${local.suffix}"
  location = local.installation.location
  tags     = local.tags

  lifecycle {
    precondition {
      condition     = data.azurerm_client_config.current.subscription_id == module.settings.subscription_id
      error_message = "The provider azurerm is configured for subscription ${data.azurerm_client_config.current.subscription_id}, but the module is to onboard ${module.settings.subscription_id}. Use the same for both."
    }
  }
}

module "identity" {
  source = "./modules/identity"

  apigw_url                   = module.settings.apigw_url
  cloud                       = module.settings.cloud
  credential_lifetime_in_days = module.settings.credential_lifetime_in_days
  deployment                  = local.deployment
  name                        = "sluice-${local.suffix}"
  owner_object_id             = data.azurerm_client_config.current.object_id
  regions = [
    for key, entry in module.settings.entries : {
      location       = entry.location
      storageAccount = entry.storage_account
      functionApp    = local.names[key] # not from the module, whose function apps a sick region may hold up
    }
  ]
  program            = local.program
  python             = module.settings.python
  subscription_id    = module.settings.subscription_id
  subscription_token = var.subscription_token
  tenant_id          = data.azurerm_client_config.current.tenant_id
  token_secret       = azurerm_key_vault_secret.token.versionless_id
  token_version      = local.token_version
  variables_files    = var.variables_files
}

module "region" {
  source   = "./modules/region"
  for_each = module.settings.entries

  action_group_ids                    = local.action_group_ids
  apigw_url                           = module.settings.apigw_url
  endpoint_suffix                     = module.settings.endpoint_suffix
  flow_logs_storage_account           = each.value.storage_account
  flow_logs_storage_account_id        = each.value.storage_account_id
  flow_logs_storage_connection_string = module.settings.connection_strings[each.key]
  instance_memory_in_mb               = module.settings.instance_memory_in_mb
  location                            = each.value.location
  management                          = module.settings.management
  name                                = local.names[each.key]
  package                             = fileexists(local.package) ? local.package : ""
  program                             = local.program
  short_name                          = "sluice${substr(sha256("${local.suffix}/${each.key}"), 0, 12)}"
  source_root                         = "${path.module}/../../.."
  start_from                          = module.settings.start_from
  subscription_id                     = module.settings.subscription_id
  tags                                = local.tags
  token_secret = {
    id  = azurerm_key_vault_secret.token.resource_versionless_id
    uri = azurerm_key_vault_secret.token.versionless_id
  }
}
