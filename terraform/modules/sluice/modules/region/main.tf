# Event Grid and roles need the account's id, which a connection string does not tell. The conditions on it belong to the resource
# group: with its own, a data source is read at apply only as long as anything that it depends on is still to be made.
data "azurerm_resources" "flow_logs" {
  type = "Microsoft.Storage/storageAccounts"
  name = var.flow_logs_storage_account
}

# What is on the account is replaced for another account, but not if only the case of its id changes, which Azure may do at any time.
resource "terraform_data" "flow_logs_account" {
  input = var.flow_logs_storage_account
}

resource "azurerm_resource_group" "this" {
  name     = var.name
  location = var.location
  tags     = var.tags

  lifecycle {
    precondition {
      condition = length(data.azurerm_resources.flow_logs.resources) == 1 && (
        !local.by_identity || try(lower(local.flow_logs_account_id) == lower(var.flow_logs_storage_account_id), false)
      )
      error_message = "The storage account ${var.flow_logs_storage_account} of region_set is not in subscription ${var.subscription_id}, or you may not see it. Each subscription is onboarded with its own storage accounts."
    }

    precondition {
      condition = alltrue([
        for account in data.azurerm_resources.flow_logs.resources : lower(replace(account.location, " ", "")) == var.location
      ])
      error_message = "The storage account ${var.flow_logs_storage_account} of region_set is not in ${var.location} but in ${join(", ", data.azurerm_resources.flow_logs.resources[*].location)}. Correct the entry's location."
    }
  }
}

resource "azurerm_user_assigned_identity" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = var.tags
}

resource "azurerm_service_plan" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  os_type             = "Linux"
  sku_name            = "FC1"
  tags                = var.tags
}

resource "azurerm_function_app_flex_consumption" "this" {
  name                = var.name
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  service_plan_id     = azurerm_service_plan.this.id
  tags                = var.tags

  runtime_name           = "python"
  runtime_version        = "3.13"
  instance_memory_in_mb  = var.instance_memory_in_mb
  maximum_instance_count = 40
  https_only             = true

  # With an identity here, azurerm 5.2 still writes AzureWebJobsStorage as a connection string, one without a key.
  storage_container_type      = "blobContainer"
  storage_container_endpoint  = "${azurerm_storage_account.this.primary_blob_endpoint}${azurerm_storage_container.this["packages"].name}"
  storage_authentication_type = "StorageAccountConnectionString"
  storage_access_key          = azurerm_storage_account.this.primary_access_key

  webdeploy_publish_basic_authentication_enabled = false

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }

  site_config {
    application_insights_connection_string = azurerm_application_insights.this.connection_string
    minimum_tls_version                    = "1.2"
    scm_minimum_tls_version                = "1.2"
  }

  # Without MALLOC_ARENA_MAX, each of the worker's threads gets memory of its own, which an instance of 512 MB lacks.
  app_settings = merge(local.flow_logs_settings, {
    APIGW_URL                      = var.apigw_url
    AZURE_CLIENT_ID                = azurerm_user_assigned_identity.this.client_id
    MALLOC_ARENA_MAX               = "2"
    PYTHON_THREADPOOL_THREAD_COUNT = "8"
    SUBSCRIPTION_TOKEN_SECRET      = var.token_secret.uri
  }, var.start_from == null ? {} : { START_FROM = var.start_from })

  # The portal writes these when somebody opens the app's monitoring there.
  lifecycle {
    ignore_changes = [
      tags["hidden-link: /app-insights-conn-string"],
      tags["hidden-link: /app-insights-instrumentation-key"],
      tags["hidden-link: /app-insights-resource-id"],
    ]
  }

  depends_on = [azurerm_role_assignment.flow_logs, azurerm_role_assignment.token]
}
