"""The module's files by themselves: their form, their providers, and the claims of `terraform test`."""

import platform
import re
import shutil
from pathlib import Path

import pytest

from tests.terraform.module import Module, bare_environment
from tests.terraform.standin.azure import Azure
from tests.terraform.standin.provider import providing

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
LOCK = TERRAFORM / ".terraform.lock.hcl"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@pytest.fixture(scope="module")
def module(checkout):
    """The module and its providers, with nothing that it would work on."""
    with providing(Azure()) as reached:
        yield Module(checkout, {**bare_environment(), **reached})


@pytest.fixture(scope="module")
def graph(module):
    """What terraform says of the order."""
    return module.terraform("graph").output


def test_the_files_are_formatted(module):
    run = module.terraform("fmt", "-check", "-recursive", "-diff")
    assert run.succeeded, run.output


def test_the_configuration_is_valid(module):
    run = module.terraform("validate", "-no-color")
    assert run.succeeded, run.output


@pytest.mark.long
def test_what_the_module_claims_of_itself_holds(module):
    run = module.terraform("test", "-no-color")
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
def test_what_no_value_connects_has_its_order_all_the_same(graph, later, earlier):
    # An apply may get such an order right by chance.
    assert f'"module.sluice.{later}" -> "module.sluice.{earlier}";' in graph


@pytest.fixture
def offering(checkout, tmp_path):
    """Gives the module where a mirror has these versions of the providers."""
    root = Path(shutil.copytree(checkout, tmp_path / "checkout"))

    def offer(azurerm, azuread):
        target = f"linux_{_MACHINES[platform.machine()]}"
        for name, versions in (("azurerm", azurerm), ("azuread", azuread)):
            for version in versions:
                folder = tmp_path / "mirror" / "registry.terraform.io" / "hashicorp" / name / version / target
                folder.mkdir(parents=True)
                (folder / f"terraform-provider-{name}_v{version}").write_text(version)  # init does not start it
                (folder / f"terraform-provider-{name}_v{version}").chmod(0o755)
        settings = tmp_path / "terraformrc"
        mirror = f'  filesystem_mirror {{\n    path = "{tmp_path}/mirror"\n  }}\n'
        settings.write_text(f"provider_installation {{\n{mirror}}}\n")
        return Module(root, bare_environment() | {"TF_CLI_CONFIG_FILE": str(settings)})

    return offer


@pytest.mark.parametrize(("azurerm", "azuread", "fits"), [("5.2.0", "3.9.0", True), ("5.1.0", "3.9.0", False)])
def test_it_takes_the_providers_that_its_arguments_are_from(offering, azurerm, azuread, fits):
    run = offering([azurerm], [azuread]).terraform("init", "-input=false", "-no-color")
    assert run.succeeded is fits, run.output


def test_the_lock_file_keeps_the_versions_that_were_tried(offering):
    module = offering(["5.2.0", "5.3.0"], ["3.9.0", "3.10.0"])
    shutil.copy(LOCK, module.folder)
    run = module.terraform("init", "-input=false", "-no-color")
    assert run.succeeded, run.output
    installed = dict(re.findall("Installed hashicorp/(\\w+) v([0-9.]+)", run.output))
    assert installed == {"azuread": "3.9.0", "azurerm": "5.2.0"}
    assert "h1:" in (module.folder / LOCK.name).read_text()  # of this machine, from now on


@pytest.mark.parametrize(
    "folder", ["sluice", "sluice/modules/identity", "sluice/modules/region", "sluice/modules/settings"]
)
def test_a_module_brings_no_provider_and_looks_at_no_root(folder):
    texts = [path.read_text() for path in (TERRAFORM / "modules" / folder).glob("*.tf")]
    assert not any(re.search("^provider |path[.]root", text, re.MULTILINE) for text in texts)
    assert any("required_version" in text for text in texts)


def test_the_modules_readme_has_every_input_and_output():
    folder = TERRAFORM / "modules" / "sluice"
    readme = (folder / "README.md").read_text()
    for file in ("variables.tf", "outputs.tf"):
        named = re.findall(
            r'^(?:variable|output) "(\w+)" {\n  description = (?:<<-TEXT\n +)?"?(.*?)"?$',
            (folder / file).read_text(),
            re.MULTILINE,
        )
        assert named
        for name, description in named:
            first = description.replace('\\"', '"')
            assert f"| {name} | {first}" in readme, name
