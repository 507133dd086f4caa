data "azurerm_client_config" "current" {}

module "sluice" {
  source = "./modules/sluice"

  alert_action_group_id       = var.alert_action_group_id
  alert_email                 = var.alert_email
  apigw_url                   = var.apigw_url
  credential_lifetime_in_days = var.credential_lifetime_in_days
  deployment_name             = var.deployment_name
  endpoint_suffix             = var.endpoint_suffix
  instance_memory_in_mb       = var.instance_memory_in_mb
  python                      = var.python
  region_set                  = var.region_set
  start_from                  = var.start_from
  subscription_id             = var.subscription_id
  subscription_token          = var.subscription_token
  subscription_token_version  = var.subscription_token_version
  tags                        = var.tags
  variables_files = [ # a workspace's own file goes before the common one
    "${path.root}/${terraform.workspace}.tfvars.json",
    "${path.root}/terraform.tfvars.json",
  ]
}
