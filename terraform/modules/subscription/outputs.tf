output "id" {
  description = "The subscription's id, once it is known to be this state's own."
  value       = var.id
}
