import json

import pytest

from tests.support.servers import always, answer, error
from tests.terraform.setup.conftest import TOKEN, A, everywhere

FILE = "terraform.tfvars.json"
SECRET = "https://sluice-0a1b2c3d.vault.azure.net/secrets/subscription-token"


@pytest.fixture
def variables(machine):
    """The customer's file with the token."""
    file = machine.folder / "terraform.tfvars.json"
    file.write_text(json.dumps({"subscription_token": TOKEN}))
    return file


def deregister(machine, url, *files, **environment):
    settings = {"SUBSCRIPTION_ID": A, "TOKEN_SECRET": SECRET, "VARIABLES_FILES": json.dumps(files or [FILE])}
    return machine.run("deregister", APIGW_URL=url, **settings | environment)


@pytest.mark.usefixtures("variables")
def test_the_token_is_that_of_the_file(machine, gateway):
    gateway.respond = always(*answer(204))
    assert deregister(machine, gateway.url, TF_VAR_subscription_token="another").status == 0
    [request] = gateway.requests
    assert (request.method, request.path) == ("DELETE", f"/qas/azure/subscriptions/{A}")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("variables")
def test_the_deployment_is_named_where_the_state_knows_it(machine, gateway):
    gateway.respond = always(*answer(204))
    done = deregister(machine, gateway.url, DEPLOYMENT="azure-a&b=c d")
    assert done.status == 0
    assert f"The deployment azure-a&b=c d in subscription {A} is no longer registered" in done.said
    assert gateway.requests[0].path == f"/qas/azure/subscriptions/{A}?deployment=azure-a%26b%3Dc%20d"


@pytest.mark.usefixtures("variables")
def test_of_several_deployments_an_earlier_release_does_not_know_its_own(machine, gateway):
    gateway.respond = always(*error(403, "deployment_missing"))
    done = deregister(machine, gateway.url)
    assert done.status == 0
    assert f"Warning: Several deployments are registered in subscription {A}." in done.said
    assert "end it in the gateway's console, under Registrations." in done.said


@pytest.mark.usefixtures("variables")
def test_a_workspaces_own_file_goes_before_the_common_one(machine, gateway):
    (machine.folder / "other.tfvars.json").write_text(json.dumps({"subscription_token": "its-own"}))
    gateway.respond = always(*answer(204))
    deregister(machine, gateway.url, "missing.tfvars.json", "other.tfvars.json", FILE)
    assert gateway.requests[0].headers["Authorization"] == "Bearer its-own"


def test_without_a_file_the_token_comes_from_the_environment(machine, gateway):
    gateway.respond = always(*answer(204))
    deregister(machine, gateway.url, TF_VAR_subscription_token=TOKEN)
    assert gateway.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_without_both_the_token_comes_from_the_vault(machine, gateway, apps_certificate):
    gateway.respond = always(*answer(204))
    with everywhere(machine, always(*answer(200, {"value": TOKEN})), apps_certificate) as vault:
        assert deregister(machine, gateway.url).status == 0
    [asked] = vault.requests
    assert asked.headers["Host"] == "sluice-0a1b2c3d.vault.azure.net"
    assert asked.path == "/secrets/subscription-token?api-version=7.4"
    assert f"--subscription {A} --resource https://vault.azure.net" in machine.az_words[0]
    assert gateway.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.fixture
def moved(machine, gateway, variables, apps_certificate):
    """Deregisters at a gateway whose place another one takes, which answers so; the vault holds these tokens."""

    def running(new, *tokens, **environment):
        written = {"subscription_token": TOKEN, "apigw_url": "https://new.azurewebsites.net"}
        variables.write_text(json.dumps(written))
        listed = [
            {"id": f"{SECRET}/{number}", "attributes": {"created": number}} for number in reversed(range(len(tokens)))
        ]

        def respond(request):
            path = request.path.partition("?")[0]
            values = {f"/secrets/subscription-token/{number}": {"value": one} for number, one in enumerate(tokens)}
            values |= {"/secrets/subscription-token": {"value": tokens[-1]}} if tokens else {}
            values["/secrets/subscription-token/versions"] = {"value": listed}
            return new if request.headers["Host"] == "new.azurewebsites.net" else answer(200, values.get(path, {}))

        gateway.respond = always(*answer(204))
        with everywhere(machine, respond, apps_certificate):
            done = deregister(machine, gateway.url, **environment)
        return done, [request.headers["Authorization"] for request in gateway.requests]

    return running


TAKEN = answer(200, {"expiresAt": "2027-11-05T22:07:57Z"})


@pytest.mark.parametrize("tokens", [["old"], ["oldest", "old"], ["oldest", "old", TOKEN], ["old", TOKEN]])
def test_a_new_gateway_s_token_is_not_shown_to_the_old_one(moved, tokens):
    done, shown = moved(TAKEN, *tokens)
    assert done.status == 0
    assert shown == ["Bearer old"]


@pytest.mark.parametrize("tokens", [[], [TOKEN]])
def test_a_vault_without_an_older_token_leaves_the_old_registration_with_a_warning(moved, gateway, tokens):
    done, shown = moved(TAKEN, *tokens)
    assert done.status == 0
    assert f"remains at {gateway.url}: end it in the gateway's console" in done.said
    assert not shown


@pytest.mark.parametrize("new", [answer(404), answer(200), error(401, "unauthorized")])
def test_a_new_gateway_that_does_not_take_the_token_ends_nothing_at_the_old_one(moved, gateway, new):
    done, shown = moved(new, "old")
    assert done.status == 1
    assert f"Until then the registration at {gateway.url} remains. To destroy, put {gateway.url} back" in done.said
    assert not shown


def test_without_any_token_it_warns_and_lets_everything_go(machine, gateway):
    machine.az("sys.exit('Please run az login.')")
    done = deregister(machine, gateway.url)
    assert done.status == 0
    assert "Warning: There is no subscription token" in done.said
    assert not gateway.requests


def test_an_installation_of_an_earlier_release_names_no_secret_of_a_vault(machine, gateway):
    done = deregister(machine, gateway.url, TOKEN_SECRET="")
    assert done.status == 0
    assert "Warning: There is no subscription token" in done.said
    assert not machine.az_words


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("pieces", [answer(200), answer(202), answer(204), error(404, "not_registered")])
def test_what_is_gone_is_gone(machine, gateway, pieces):
    gateway.respond = always(*pieces)
    done = deregister(machine, gateway.url)
    assert done.status == 0
    assert "Warning" not in done.said


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_warns_and_lets_everything_go(machine, gateway, status):
    gateway.respond = always(*error(status, "unauthorized"))
    done = deregister(machine, gateway.url)
    assert done.status == 0
    assert f"The gateway refuses the subscription token (HTTP {status})" in done.said
    assert f"remains at {gateway.url}: end it in the gateway's console" in done.said


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_page_of_something_before_the_gateway_shows_nothing_and_holds_nothing_up(machine, gateway, status):
    gateway.respond = always(*answer(status, b"<html><h1>Not here</h1></html>"))
    done = deregister(machine, gateway.url)
    assert done.status == 0
    assert f"Warning: The gateway at {gateway.url} answered HTTP {status}, but not in its own form" in done.said
    assert f"remains at {gateway.url}: end it in the gateway's console" in done.said


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize(
    "status", [201, 301, 302, 307, 400, 405, 408, 409, 413, 415, 422, 425, 429, 500, 502, 503, 504]
)
def test_every_other_answer_fails_with_what_to_do(machine, gateway, status):
    gateway.respond = always(*answer(status, Location="https://elsewhere.example.com/"))
    done = deregister(machine, gateway.url)
    assert done.status == 1
    assert f"(HTTP {status}). Run the same command again later." in done.said
    assert "set SLUICE_LEAVE_REGISTRATION=1 in the environment" in done.said


@pytest.mark.usefixtures("variables")
def test_no_message_shows_the_token(machine, gateway):
    gateway.respond = always(*answer(500, TOKEN.encode()))
    assert "subscription-token-with" not in deregister(machine, gateway.url).said


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("token", ["two\nlines", "an-\u20ac-in-it"])
def test_a_token_that_can_not_be_sent_is_not_shown(machine, gateway, variables, token):
    variables.write_text(json.dumps({"subscription_token": token}))
    done = deregister(machine, gateway.url)
    assert done.status == 1
    assert "has a character that can't be sent" in done.said
    assert token[:3] not in done.said


@pytest.mark.usefixtures("variables")
def test_a_gateway_that_is_gone_for_good_holds_nothing_up(machine):
    done = deregister(machine, "https://127.0.0.1:1", SLUICE_LEAVE_REGISTRATION="1")
    assert done.status == 0
    assert "remains at https://127.0.0.1:1: end it in the gateway's console" in done.said
