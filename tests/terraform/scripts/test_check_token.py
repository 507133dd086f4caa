import pytest

from tests.support.proxies import proxying
from tests.support.servers import always, answer, serving
from tests.terraform.scripts.conftest import TOKEN


def check(machine, url):
    return machine.run("check-token.sh", APIGW_URL=url, SUBSCRIPTION_TOKEN=TOKEN)


def test_the_end_of_a_token_that_is_taken_is_told(machine, gateway):
    gateway.respond = always(*answer(200, {"expiresAt": "2027-11-05T22:07:57Z"}))
    done = check(machine, gateway.url)
    assert (done.status, done.said) == (0, "2027-11-05T22:07:57Z\n")
    assert gateway.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_token_in_plain_text_goes_through_no_proxy(machine):
    with proxying() as proxy, serving(always(*answer(200, {"expiresAt": "2027-11-05T22:07:57Z"}))) as plain:
        assert (
            machine.run("check-token.sh", APIGW_URL=plain.url, SUBSCRIPTION_TOKEN=TOKEN, **proxy.environment).status
            == 0
        )
        assert proxy.shown == []


def test_a_gateway_over_tls_is_asked_through_the_environments_proxy(machine, gateway):
    gateway.respond = always(*answer(200, {"expiresAt": "2027-11-05T22:07:57Z"}))
    with proxying(gateway.url) as proxy:
        done = machine.run("check-token.sh", APIGW_URL=gateway.url, SUBSCRIPTION_TOKEN=TOKEN, **proxy.environment)
        assert (done.status, done.said) == (0, "2027-11-05T22:07:57Z\n")
    assert len(proxy.shown) == 1
    assert "subscription-token-with" not in str(proxy.shown)


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"{}", b"[]", b""])
def test_a_page_that_says_200_is_no_gateway(machine, gateway, body):
    gateway.respond = always(*answer(200, body))
    done = check(machine, gateway.url)
    assert done.status == 1
    assert "is no API gateway" in done.said


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "Get a new one from its console"),
        (403, "Get a new one from its console"),
        *((status, "Try again later") for status in (408, 425, 429, 500, 502, 503, 504)),
        *((status, "Correct apigw_url") for status in (201, 204, 301, 302, 400, 404, 405, 409, 415)),
    ],
)
def test_every_other_answer_fails_with_what_to_do(machine, gateway, status, advice):
    gateway.respond = always(*answer(status))
    done = check(machine, gateway.url)
    assert done.status == 1
    assert advice in done.said
    assert "subscription-token-with" not in machine.curl_words + done.said
