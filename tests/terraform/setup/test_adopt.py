"""What `setup adopt` asks Azure, and what it makes of odd answers. That it takes everything up: test_interruptions."""

import json
import urllib.parse

import pytest

from tests.support.servers import answer
from tests.terraform.setup.conftest import A, everywhere

GROUP = f"/subscriptions/{A}/resourceGroups/sluice-0a1b2c3d"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/sluice-0a1b2c3d"
SECRET = {"key_vault_id": VAULT, "name": "subscription-token"}
_TERRAFORM = """#!{python} -IS
import json, sys
with open({words!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
{text}
if sys.argv[1] == "show":
    adopted = {{line[-2] for line in map(json.loads, open({words!r})) if line[0] == "import"}}
    changes = [one for one in {changes!r} if one["address"] not in adopted]
    print(json.dumps({{"resource_changes": changes}}))
"""


@pytest.fixture
def terraform(machine):
    """Makes a `terraform` that would make these resources; gives what it was called with since."""
    words = machine.folder / "terraform-words"

    def would_make(*resources, text=""):
        changes = [
            {"address": address, "type": kind, "change": {"actions": ["create"], "after": values}}
            for address, kind, values in resources
        ]
        python = machine.folder / "bin" / "python3"
        machine.program(
            "terraform", _TERRAFORM.format(python=python.resolve(), words=str(words), text=text, changes=changes)
        )

    would_make.words = lambda: [json.loads(line) for line in words.read_text().splitlines()]
    return would_make


@pytest.fixture
def azure(machine, apps_certificate):
    """What Azure answers, by method and path; a test changes it. What is missing is not there."""
    answers = {("GET", f"/subscriptions/{A}/resourcegroups"): answer(200, {"value": []})}

    def respond(request):
        url = urllib.parse.urlsplit(request.path)
        condition = urllib.parse.parse_qs(url.query).get("$filter", [""])[0]
        return answers.get((request.method, url.path + condition), answer(404))

    with everywhere(machine, respond, apps_certificate):
        machine.az("print('core.windows.net' if sys.argv[1] == 'cloud' else 'access-token')")
        yield answers


def test_what_is_there_is_imported_with_the_options_that_terraform_was_given(machine, azure, terraform):
    terraform(("azurerm_resource_group.this", "azurerm_resource_group", {"name": "sluice-0a1b2c3d"}))
    azure["GET", GROUP] = answer(200, {"id": GROUP})
    done = machine.run("adopt", A, "-var-file=mine.tfvars")
    assert (done.status, done.said) == (0, "adopted  azurerm_resource_group.this\n")
    words = [words for words in terraform.words() if words[0] == "import"]
    assert words == [
        ["import", "-input=false", "-no-color", "-var-file=mine.tfvars", "azurerm_resource_group.this", GROUP]
    ]


def test_what_is_not_there_or_not_known_yet_is_left_to_apply(machine, azure, terraform):
    terraform(
        ("azurerm_resource_group.this", "azurerm_resource_group", {"name": "sluice-0a1b2c3d"}),
        ("azurerm_key_vault.this", "azurerm_key_vault", {"name": None, "resource_group_name": "sluice-0a1b2c3d"}),
        ("azuread_service_principal.this", "azuread_service_principal", {}),
        ("azurerm_key_vault_secret.token", "azurerm_key_vault_secret", {"name": "subscription-token"}),
        ("terraform_data.code", "terraform_data", {}),
    )
    assert azure
    done = machine.run("adopt", A)
    assert (done.status, done.said) == (0, "Nothing was left behind by an earlier apply.\n")


def test_an_application_is_found_by_its_name(machine, azure, terraform):
    terraform(("azuread_application.this", "azuread_application", {"display_name": "sluice-0a1b2c3d"}))
    found = "/v1.0/applicationsdisplayName eq 'sluice-0a1b2c3d'"
    azure["GET", found] = answer(200, {"value": [{"id": "one"}]})
    assert machine.run("adopt", A).said == "adopted  azuread_application.this\n"
    assert terraform.words()[2][-1] == "/applications/one"
    assert any("--resource https://graph.microsoft.com " in words for words in machine.az_words)


def test_two_applications_of_one_name_are_a_persons_to_decide(machine, azure, terraform):
    terraform(("azuread_application.this", "azuread_application", {"display_name": "sluice-0a1b2c3d"}))
    found = "/v1.0/applicationsdisplayName eq 'sluice-0a1b2c3d'"
    azure["GET", found] = answer(200, {"value": [{"id": "one"}, {"id": "two"}]})
    done = machine.run("adopt", A)
    assert done.status == 1
    assert "has 2 applications whose displayName is sluice-0a1b2c3d: one, two. Remove all but the one" in done.said


def test_a_secret_is_removed_and_purged_once_azure_has_removed_it(machine, azure, terraform):
    terraform(("azurerm_key_vault_secret.token", "azurerm_key_vault_secret", SECRET))
    azure["GET", VAULT] = answer(200, {"properties": {"vaultUri": "https://sluice-0a1b2c3d.vault.azure.net/"}})
    azure["DELETE", "/secrets/subscription-token"] = answer(200, {})
    azure["DELETE", "/deletedsecrets/subscription-token"] = answer(204)
    done = machine.run("adopt", A)
    assert (done.status, done.said) == (0, "removed  azurerm_key_vault_secret.token, which apply creates again\n")
    assert not any(words[0] == "import" for words in terraform.words())
    assert any("--resource https://vault.azure.net " in words for words in machine.az_words)


@pytest.mark.parametrize("status", [403, 404])
def test_a_secret_that_is_not_there_or_can_t_be_seen_yet_is_left_to_apply(machine, azure, terraform, status):
    terraform(("azurerm_key_vault_secret.token", "azurerm_key_vault_secret", SECRET))
    azure["GET", VAULT] = answer(200, {"properties": {"vaultUri": "https://sluice-0a1b2c3d.vault.azure.net/"}})
    azure["DELETE", "/secrets/subscription-token"] = answer(status)
    assert machine.run("adopt", A).said == "Nothing was left behind by an earlier apply.\n"


@pytest.mark.parametrize("said", [answer(403), answer(500), answer(200, b"<html>"), answer(200, [])])
def test_what_azure_does_not_tell_is_not_taken_for_absent(machine, azure, terraform, said):
    terraform(("azurerm_resource_group.this", "azurerm_resource_group", {"name": "sluice-0a1b2c3d"}))
    azure["GET", GROUP] = said
    done = machine.run("adopt", A)
    assert done.status == 1
    assert f"Could not check whether {GROUP} exists (HTTP {said[0].split()[1].decode()}). Run this again." in done.said


def test_groups_that_could_not_be_read_are_not_taken_for_none(machine, azure, terraform):
    terraform(("terraform_data.installation", "terraform_data", {}))
    del azure["GET", f"/subscriptions/{A}/resourcegroups"]
    done = machine.run("adopt", A)
    assert done.status == 1
    assert "resource groups of subscription" in done.said


def test_terraform_s_own_words_say_why_it_failed(machine, azure, terraform):
    terraform(text="sys.exit('Error: No value for required variable')")
    assert azure
    done = machine.run("adopt", A)
    assert (done.status, done.said) == (1, "terraform plan failed:\nError: No value for required variable\n")


def test_whoever_is_not_signed_in_is_reported(machine, azure, terraform):
    terraform()
    assert azure
    machine.az("sys.exit('Please run az login.')")
    done = machine.run("adopt", A)
    assert (done.status, done.said) == (
        1,
        "az is not signed in: Please run az login. Run az login, then run this again.\n",
    )


@pytest.mark.parametrize("arguments", [(), ("--help",), (A, "mine.tfvars")])
def test_called_wrongly_it_tells_how(machine, arguments):
    done = machine.run("adopt", *arguments)
    assert (done.status, done.said) == (
        2,
        "Usage: python3 modules/sluice/setup adopt SUBSCRIPTION_ID [-var-file=FILE]\n",
    )
