"""The module's files by themselves: their form, their providers, and the claims of `terraform test`."""

import platform

import pytest

from tests.terraform.module import Module, bare_environment

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def test_the_files_are_formatted(site):
    run = site.module.terraform("fmt", "-check", "-recursive", "-diff")
    assert run.succeeded, run.output


def test_the_configuration_is_valid(site):
    run = site.module.terraform("validate", "-no-color")
    assert run.succeeded, run.output


def test_what_the_module_claims_of_itself_holds(site):
    run = site.module.terraform("test", "-no-color")
    assert run.succeeded, run.output
    assert run.says("0 failed")


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ("azurerm_key_vault_secret.token", "terraform_data.vault_open"),
        ("azurerm_key_vault_secret.token", "terraform_data.token_accepted"),
        ("module.region.azurerm_function_app_flex_consumption.this", "module.region.azurerm_role_assignment.token"),
        ("module.region.azurerm_function_app_flex_consumption.this", "module.region.azurerm_role_assignment.flow_logs"),
        ("module.region.azurerm_eventgrid_event_subscription.this", "module.region.terraform_data.code"),
        ("module.identity.terraform_data.deregistration", "module.identity.azurerm_role_assignment.security_reader"),
    ],
)
def test_what_no_value_connects_has_its_order_all_the_same(site, later, earlier):
    # An apply may get such an order right by chance.
    assert f'"module.sluice.{later}" -> "module.sluice.{earlier}";' in site.module.terraform("graph").output


@pytest.mark.parametrize(("azurerm", "azuread", "fits"), [("5.2.0", "3.9.0", True), ("5.1.0", "3.9.0", False)])
def test_it_takes_the_providers_that_its_arguments_are_from(site, tmp_path, azurerm, azuread, fits):
    target = f"linux_{_MACHINES[platform.machine()]}"
    for name, version in (("azurerm", azurerm), ("azuread", azuread)):
        folder = tmp_path / "mirror" / "registry.terraform.io" / "hashicorp" / name / version / target
        folder.mkdir(parents=True)
        (folder / f"terraform-provider-{name}_v{version}").touch(mode=0o755)  # init does not start it
    settings = tmp_path / "terraformrc"
    settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path}/mirror"\n  }}\n}}\n')
    module = Module(site.module.root, bare_environment() | {"TF_CLI_CONFIG_FILE": str(settings)})
    run = module.terraform("init", "-input=false", "-no-color")
    assert run.succeeded is fits, run.output
