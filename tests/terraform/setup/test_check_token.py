import pytest

from tests.support.proxies import proxying
from tests.support.secrets import TOKEN as SECRET
from tests.support.secrets import forms, traces
from tests.support.servers import always, answer, error, in_turn, serving
from tests.terraform.setup.conftest import TOKEN


def check(machine, url):
    return machine.run("check-token", APIGW_URL=url, SUBSCRIPTION_TOKEN=TOKEN)


def test_the_end_of_a_token_that_is_taken_is_reported(machine, gateway):
    gateway.respond = always(*answer(200, {"expiresAt": "2027-11-05T22:07:57Z"}))
    done = check(machine, gateway.url)
    assert (done.status, done.said) == (0, "The gateway accepts the subscription token until 2027-11-05T22:07:57Z.\n")
    assert gateway.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_token_in_plain_text_goes_through_no_proxy(machine):
    with proxying() as proxy, serving(always(*answer(200, {"expiresAt": "2027-11-05T22:07:57Z"}))) as plain:
        assert (
            machine.run("check-token", APIGW_URL=plain.url, SUBSCRIPTION_TOKEN=TOKEN, **proxy.environment).status == 0
        )
        assert proxy.shown == []


def test_a_gateway_over_tls_is_asked_through_the_environments_proxy(machine, gateway):
    gateway.respond = always(*answer(200, {"expiresAt": "2027-11-05T22:07:57Z"}))
    with proxying(gateway.url) as proxy:
        done = machine.run("check-token", APIGW_URL=gateway.url, SUBSCRIPTION_TOKEN=TOKEN, **proxy.environment)
        assert (done.status, done.said) == (
            0,
            "The gateway accepts the subscription token until 2027-11-05T22:07:57Z.\n",
        )
    assert len(proxy.shown) == 1
    assert "subscription-token-with" not in str(proxy.shown)


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"{}", b"[]", b""])
def test_a_page_that_says_200_is_not_a_gateway(machine, gateway, body):
    gateway.respond = always(*answer(200, body))
    done = check(machine, gateway.url)
    assert done.status == 1
    assert "is not an API gateway" in done.said


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "something in front of it (a WAF, a firewall, a proxy) may be refusing the request"),
        (403, "something in front of it (a WAF, a firewall, a proxy) may be refusing the request"),
        *((status, "Try again later") for status in (408, 425, 429, 500, 502, 503, 504)),
        *((status, "Correct apigw_url") for status in (201, 204, 301, 302, 400, 404, 405, 409, 415)),
    ],
)
def test_every_other_answer_fails_with_what_to_do(machine, gateway, status, advice):
    gateway.respond = always(*answer(status))
    done = check(machine, gateway.url)
    assert done.status == 1
    assert advice in done.said
    assert "subscription-token-with" not in done.said


@pytest.mark.parametrize("status", [401, 403])
def test_the_gateways_own_refusal_of_the_token_fails_with_what_to_do(machine, gateway, status):
    gateway.respond = always(*error(status, "unauthorized"))
    done = check(machine, gateway.url)
    assert done.status == 1
    assert f"refuses the subscription token (HTTP {status}). Get a new one from its console" in done.said


def test_an_agents_token_is_reported_as_one(machine, gateway):
    gateway.respond = always(*error(403, "wrong_token_kind"))
    done = check(machine, gateway.url)
    assert done.status == 1
    assert (
        "refuses the subscription token (HTTP 403). It is an agent's token: create one of kind ingest in its console, "
        "under Tokens, and put it into terraform.tfvars.json." in done.said
    )


def test_an_empty_page_is_not_taken_for_the_answer_before_it(machine, gateway):
    gateway.respond = in_turn(error(503, "busy"), answer(403))
    done = machine.run("check-token", APIGW_URL=gateway.url, SUBSCRIPTION_TOKEN=TOKEN, SLUICE_PATIENCE="60")
    assert "not in its own form" in done.said


@pytest.mark.parametrize("form", ["alone", "40 characters", "hex", "hex, spaced", "numbers"])
def test_what_the_gateway_repeats_of_the_token_is_not_shown(machine, gateway, form):
    [text] = forms(SECRET)[form]
    for pieces in (answer(200, {"expiresAt": text}), error(401, text[:40].lower(), text), answer(403, text.encode())):
        gateway.respond = always(*pieces)
        said = check(machine, gateway.url).said
        assert not traces(SECRET, said.replace(gateway.url, ""))  # digits of its port may be some of the secret's


@pytest.mark.parametrize(
    "end", ["soon", "1795447800", 1795447800, None, "2027-11-05", "2027-11-05T22:07:57", "2027-11-05T22:07:57Z\n"]
)
def test_an_end_that_is_not_a_time_is_not_a_gateways(machine, gateway, end):
    gateway.respond = always(*answer(200, {"expiresAt": end}))
    done = check(machine, gateway.url)
    assert (done.status, "is not an API gateway" in done.said) == (1, True)


@pytest.mark.parametrize("end", ["2027-11-05T22:07:57.123456Z", "2027-11-05T22:07:57+01:00"])
def test_every_form_of_a_time_is_taken(machine, gateway, end):
    gateway.respond = always(*answer(200, {"expiresAt": end}))
    assert check(machine, gateway.url).said == f"The gateway accepts the subscription token until {end}.\n"
