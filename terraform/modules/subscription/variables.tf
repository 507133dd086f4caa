variable "id" {
  description = "Id of the subscription that this run is for."
  type        = string
  nullable    = false

  # As a validation, since this is what stops a destroy as well: preconditions only warn there.
  validation {
    condition     = var.id == var.installed_in
    error_message = "This state belongs to subscription ${var.installed_in}, and nothing was changed. Each subscription has a state of its own: run `terraform workspace new NAME` for another one, or `terraform workspace select NAME` to go back to it."
  }
}

variable "installed_in" {
  description = "Id of the subscription that the state was begun with."
  type        = string
  nullable    = false
}
