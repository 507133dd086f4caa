output "function_app_name" {
  description = "Name of the function app."
  value       = azurerm_function_app_flex_consumption.this.name
}

output "own_account_name" {
  description = "Name of the function app's own storage account."
  value       = azurerm_storage_account.this.name
}

output "resource_group_name" {
  description = "Name of the resource group."
  value       = azurerm_resource_group.this.name
}
