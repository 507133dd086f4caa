import json

import pytest

from tests.support.servers import always, answer, error
from tests.terraform.scripts.conftest import TOKEN

A = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def variables(machine):
    """The customer's file with the token."""
    file = machine.folder / "terraform.tfvars.json"
    file.write_text(json.dumps({"subscription_token": TOKEN}))
    return file


def deregister(machine, url, files="terraform.tfvars.json", **environment):
    return machine.run("deregister.sh", APIGW_URL=url, SUBSCRIPTION_ID=A, VARIABLES_FILES=files, **environment)


@pytest.mark.usefixtures("variables")
def test_the_token_is_that_of_the_file(machine, gateway):
    gateway.respond = always(*answer(204))
    assert deregister(machine, gateway.url, TF_VAR_subscription_token="another").status == 0
    [request] = gateway.requests
    assert (request.method, request.path) == ("DELETE", f"/qas/azure/subscriptions/{A}")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("variables")
def test_a_workspaces_own_file_goes_before_the_common_one(machine, gateway):
    (machine.folder / "other.tfvars.json").write_text(json.dumps({"subscription_token": "its-own"}))
    gateway.respond = always(*answer(204))
    deregister(machine, gateway.url, "missing.tfvars.json:other.tfvars.json:terraform.tfvars.json")
    assert gateway.requests[0].headers["Authorization"] == "Bearer its-own"


def test_without_a_file_the_token_comes_from_the_environment(machine, gateway):
    gateway.respond = always(*answer(204))
    deregister(machine, gateway.url, TF_VAR_subscription_token=TOKEN)
    assert gateway.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_without_any_token_it_warns_and_lets_everything_go(machine, gateway):
    done = deregister(machine, gateway.url)
    assert done.status == 0
    assert "Warning: There is no subscription token" in done.said
    assert not gateway.requests


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
    assert f"stays at {gateway.url}: remove it in the gateway's console" in done.said


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_page_of_something_before_the_gateway_shows_nothing_and_holds_nothing_up(machine, gateway, status):
    gateway.respond = always(*answer(status, b"<html><h1>Not here</h1></html>"))
    done = deregister(machine, gateway.url)
    assert done.status == 0
    assert f"Warning: The gateway at {gateway.url} answered HTTP {status}, but not in its own form" in done.said
    assert f"stays at {gateway.url}: remove it in the gateway's console" in done.said


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize(
    "status", [201, 301, 302, 307, 400, 405, 408, 409, 413, 415, 422, 425, 429, 500, 502, 503, 504]
)
def test_every_other_answer_fails_with_what_to_do(machine, gateway, status):
    gateway.respond = always(*answer(status, Location="https://elsewhere.example.com/"))
    done = deregister(machine, gateway.url)
    assert done.status == 1
    assert f"(HTTP {status}). Run the same command again later." in done.said
    assert "terraform state rm module.identity.terraform_data.deregistration" in done.said


@pytest.mark.usefixtures("variables")
def test_no_command_line_and_no_message_shows_the_token(machine, gateway):
    gateway.respond = always(*answer(500, TOKEN.encode()))
    done = deregister(machine, gateway.url)
    assert machine.curl_words
    assert "subscription-token-with" not in machine.curl_words + done.said
