import json

import pytest

from tests.support.servers import always, answer, error
from tests.terraform.scripts.conftest import TOKEN

A = "22222222-2222-4222-8222-222222222222"
ALL_IS_WELL = {
    "account show": A,
    "/permissions": json.dumps({"value": [{"actions": ["*"], "notActions": []}]}),
    "cloud show": "https://graph.microsoft.com/",
    "authorizationPolicy": json.dumps({"defaultUserRolePermissions": {"allowedToCreateApps": True}}),
    "directoryRole": json.dumps({"value": []}),
    "list-flexconsumption-locations": "East US\\nwesteurope",
}


@pytest.fixture
def variables(machine, gateway):
    """The customer's file, with everything in it."""
    entry = {"location": "eastus", "flow_logs_storage_connection_string": "AccountName=flowlogs;AccountKey=c2VjcmV0"}
    given = {"apigw_url": gateway.url, "subscription_token": TOKEN, "region_set": {"location1": entry}}
    file = machine.folder / "terraform.tfvars.json"
    file.write_text(json.dumps(given))
    gateway.respond = always(*answer(200, {"expiresAt": "2027-11-05T22:07:57Z"}))
    return file


@pytest.fixture(autouse=True)
def terraform(machine):
    """A terraform that only tells its version."""
    program = machine.folder / "bin" / "terraform"
    program.write_text("""#!/bin/sh\necho '{"terraform_version": "1.11.4"}'\n""")
    program.chmod(0o755)
    return program


def signed_in(machine, **differently):
    answers = ALL_IS_WELL | differently
    cases = "\n".join(
        f"*{words}*) printf '%b\\n' '{text}' ;;".replace(" ", "\\ ", words.count(" "))
        for words, text in answers.items()
        if text
    )
    machine.az(f'case "$*" in\n{cases}\n*) exit 1 ;;\nesac')


def preflight(machine, variables):
    return machine.run("preflight.sh", A, str(variables))


def test_when_nothing_is_missing_every_line_says_ok(machine, variables):
    signed_in(machine)
    done = preflight(machine, variables)
    assert done.status == 0
    assert {line.split()[0] for line in done.said.splitlines()} == {"ok"}
    assert "the subscription token is accepted until 2027-11-05T22:07:57Z" in done.said


def test_what_is_missing_has_a_line_and_the_rest_is_looked_at_all_the_same(machine, variables, gateway):
    machine.az("exit 1")
    gateway.respond = always(*error(401, "unauthorized"))
    done = preflight(machine, variables)
    assert done.status == 1
    assert f"missing  a sign-in that sees subscription {A}: az login" in done.said
    assert "missing  a subscription token that the gateway accepts" in done.said
    assert "ok       the gateway at" in done.said


@pytest.mark.parametrize("version", ["1.10.5", "0.15.0", "1.9.8"])
def test_an_old_terraform_is_missing(machine, variables, terraform, version):
    signed_in(machine)
    terraform.write_text(f"""#!/bin/sh\necho '{{"terraform_version": "{version}"}}'\n""")
    done = preflight(machine, variables)
    assert done.status == 1
    assert f"missing  terraform 1.11 or newer, this is {version}" in done.said


def test_a_machine_without_terraform_lacks_it(machine, variables, terraform):
    signed_in(machine)
    terraform.write_text("#!/bin/sh\nexit 127\n")
    assert "missing  terraform 1.11 or newer: https://" in preflight(machine, variables).said


@pytest.mark.parametrize(
    "permission",
    [
        {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]},
        {"actions": ["Microsoft.Authorization/roleAssignments/*"], "notActions": []},
        {"actions": ["*/read"], "notActions": []},
    ],
)
def test_rights_that_do_not_do_are_missing(machine, variables, permission):
    signed_in(machine, **{"/permissions": json.dumps({"value": [permission]})})
    done = preflight(machine, variables)
    assert done.status == 1
    assert "missing  rights on the subscription: the role Owner" in done.said


def test_rights_of_two_roles_add_up(machine, variables):
    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    administrator = {"actions": ["Microsoft.Authorization/*"], "notActions": []}
    signed_in(machine, **{"/permissions": json.dumps({"value": [contributor, administrator]})})
    assert "ok       rights on the subscription" in preflight(machine, variables).said


def test_whoever_may_not_create_an_application_lacks_that(machine, variables):
    policy = json.dumps({"defaultUserRolePermissions": {"allowedToCreateApps": False}})
    signed_in(machine, authorizationPolicy=policy)
    done = preflight(machine, variables)
    assert done.status == 1
    assert "missing  right to create an application in Entra" in done.said


def test_a_directory_role_gives_the_right_to_create_an_application(machine, variables):
    policy = json.dumps({"defaultUserRolePermissions": {"allowedToCreateApps": False}})
    roles = json.dumps({"value": [{"displayName": "Application Developer"}]})
    signed_in(machine, authorizationPolicy=policy, directoryRole=roles)
    assert preflight(machine, variables).status == 0


def test_what_cannot_be_read_is_unsure_and_no_obstacle(machine, variables):
    unknown = ("/permissions", "authorizationPolicy", "directoryRole", "list-flexconsumption-locations")
    signed_in(machine, **dict.fromkeys(unknown))
    done = preflight(machine, variables)
    assert done.status == 0
    assert done.said.count("unsure ") == 3


def test_a_location_without_flex_consumption_is_missing(machine, variables):
    signed_in(machine, **{"list-flexconsumption-locations": "westeurope"})
    done = preflight(machine, variables)
    assert done.status == 1
    assert "missing  Flex Consumption in eastus" in done.said


@pytest.mark.parametrize("status", [401, 403])
def test_a_firewall_before_the_gateway_is_missing_and_says_nothing_of_the_token(machine, variables, gateway, status):
    signed_in(machine)
    gateway.respond = always(*answer(status, b"<html><h1>Forbidden</h1></html>"))
    done = preflight(machine, variables)
    assert done.status == 1
    assert (
        f"missing  a way to the gateway. The gateway at {gateway.url} answered HTTP {status}, but not in" in done.said
    )
    assert "unsure   the subscription token could not be tried" in done.said


@pytest.mark.parametrize("content", [b"<html>Welcome</html>", {"expiresAt": TOKEN}, {}])
def test_a_page_that_says_200_is_not_a_gateway(machine, variables, gateway, content):
    signed_in(machine)
    gateway.respond = always(*answer(200, content))
    done = preflight(machine, variables)
    assert done.status == 1
    assert f"missing  the gateway at {gateway.url}: what answers there is not an API gateway" in done.said
    assert "subscription-token-with" not in done.said


def test_a_gateway_that_is_not_there_is_missing(machine, variables):
    signed_in(machine)
    variables.write_text(json.dumps(json.loads(variables.read_text()) | {"apigw_url": "https://127.0.0.1:1"}))
    done = preflight(machine, variables)
    assert done.status == 1
    assert "missing  the gateway at https://127.0.0.1:1: " in done.said


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"apigw_url": "https://x", "region_set": {"location1": {}}}']
)
def test_a_file_that_is_not_filled_in_is_missing(machine, variables, content):
    signed_in(machine)
    variables.write_text(content)
    done = preflight(machine, variables)
    assert done.status == 1
    assert "missing  apigw_url and region_set in terraform.tfvars.json" in done.said


def test_without_a_subscription_it_tells_how_it_is_called(machine):
    done = machine.run("preflight.sh")
    assert done.status == 1
    assert "SUBSCRIPTION_ID [VARIABLES_FILE]" in done.said


def test_no_command_line_and_no_message_shows_a_secret(machine, variables):
    signed_in(machine)
    done = preflight(machine, variables)
    assert "subscription-token-with" not in machine.curl_words + done.said
    assert "c2VjcmV0" not in machine.curl_words + done.said
