# Pins the versions. It has no hashes; docs/install.md has the command that adds those of your machines.

provider "registry.terraform.io/hashicorp/azuread" {
  version     = "3.9.0"
  constraints = "~> 3.9"
}

provider "registry.terraform.io/hashicorp/azurerm" {
  version     = "5.2.0"
  constraints = "~> 5.2"
}
