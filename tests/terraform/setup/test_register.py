import json

import pytest

from tests.support.servers import always, answer, error, in_turn
from tests.terraform.setup.conftest import TOKEN, A

REGISTRATION = json.dumps({"credential": 'a~secret"with\\odd characters', "deployment": "sluice-0a1b2c3d"})


def register(machine, url, **environment):
    settings = {"SUBSCRIPTION_ID": A, "SUBSCRIPTION_TOKEN": TOKEN, "REGISTRATION": REGISTRATION}
    return machine.run("register", APIGW_URL=url, **settings | environment)


def test_the_registration_arrives_as_it_is_signed_with_the_token(machine, gateway):
    gateway.respond = always(*answer(201))
    assert register(machine, gateway.url).status == 0
    [request] = gateway.requests
    assert (request.method, request.path) == ("PUT", f"/qas/azure/subscriptions/{A}")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.body.decode() == REGISTRATION


def test_a_slash_at_the_addresss_end_is_not_doubled(machine, gateway):
    gateway.respond = always(*answer(200))
    assert register(machine, f"{gateway.url}/api/").status == 0
    assert gateway.requests[0].path == f"/api/qas/azure/subscriptions/{A}"


def test_no_message_shows_a_secret(machine, gateway):
    gateway.respond = always(*answer(401, TOKEN.encode() + REGISTRATION.encode()))
    done = register(machine, gateway.url)
    assert "subscription-token-with" not in done.said
    assert "a~secret" not in done.said


@pytest.mark.parametrize("status", [200, 201])
def test_it_is_registered(machine, gateway, status):
    gateway.respond = always(*answer(status))
    assert register(machine, gateway.url).status == 0


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        *((status, "something in front of it (a WAF, a firewall, a proxy)") for status in (400, 401, 403, 422)),
        *((status, "apply again later") for status in (408, 425, 429, 500, 502, 503, 504, 599)),
        *(
            (status, "Correct apigw_url")
            for status in (202, 204, 301, 302, 307, 308, 404, 405, 409, 411, 413, 415, 418)
        ),
    ],
)
def test_every_other_answer_fails_with_what_to_do(machine, gateway, status, advice):
    gateway.respond = always(*answer(status, Location="https://elsewhere.example.com/"))
    done = register(machine, gateway.url)
    assert done.status == 1
    assert advice in done.said
    assert f"HTTP {status}" in done.said


def test_an_agents_token_is_reported_as_one(machine, gateway):
    gateway.respond = always(*error(403, "wrong_token_kind"))
    done = register(machine, gateway.url)
    assert done.status == 1
    assert "It is an agent's token: create one of kind ingest in its console, under Tokens, put it into" in done.said


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "Is its version the same"),
        (422, "Is its version the same"),
        (401, "Get a new one from its console"),
        (403, "Get a new one from its console"),
    ],
)
def test_a_refusal_of_the_gateways_own_fails_with_what_to_do(machine, gateway, status, advice):
    gateway.respond = always(*error(status))
    done = register(machine, gateway.url)
    assert done.status == 1
    assert advice in done.said
    assert f"HTTP {status}" in done.said


def test_what_may_pass_is_tried_again(machine, gateway):
    gateway.respond = in_turn(answer(503), answer(201))
    assert register(machine, gateway.url, SLUICE_PATIENCE="60").status == 0
    assert len(gateway.requests) == 2


def test_a_gateway_that_is_not_there_is_reported_with_the_reason(machine):
    done = register(machine, "https://127.0.0.1:1")
    assert done.status == 1
    assert "The gateway at https://127.0.0.1:1 can't be reached: " in done.said
    assert "Correct apigw_url or the network" in done.said


def test_a_certificate_that_nobody_vouches_for_is_not_a_gateway(machine, gateway):
    done = register(machine, gateway.url, REQUESTS_CA_BUNDLE="")
    assert done.status == 1
    assert "can't be reached" in done.said
    assert not gateway.requests
