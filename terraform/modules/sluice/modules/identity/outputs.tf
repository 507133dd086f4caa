output "application_id" {
  description = "Client id of the application."
  value       = azuread_application.this.client_id
}

output "registration_id" {
  description = "Changes with each registration."
  value       = terraform_data.registration.id
}

output "registration" {
  description = "What the gateway accepted at the last registration."
  value       = terraform_data.registration.output
}
