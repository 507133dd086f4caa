mock_resource "azuread_application" {
  defaults = {
    client_id = "66666666-6666-6666-6666-666666666666"
    id        = "/applications/77777777-7777-7777-7777-777777777777"
  }
}

mock_resource "azuread_service_principal" {
  defaults = {
    object_id = "88888888-8888-8888-8888-888888888888"
  }
}
