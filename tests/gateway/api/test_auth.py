from datetime import timedelta

import jwt
import pytest
import requests

from dev.gateway.local import Customer, Gateway, new_customer
from gateway.stores.accounts import Role
from gateway.stores.tokens import TokenKind
from tests.gateway.client import Client, code, ndjson, record
from tests.gateway.console.setup.registered import PATH, registration
from tests.support.time import StillClock


@pytest.fixture(scope="module")
def person(gateway: Gateway, clock: StillClock) -> Customer:
    """A customer whose user can sign in."""
    return new_customer(gateway.stores.database, "person", clock.now)


def sign_in(gateway, name, password):
    form = {"username": name, "password": password, "token": "true"}
    return requests.post(gateway.url + "/auth", data=form, timeout=20)


def ask_for_token(gateway, auth_token, **options):
    headers = {"Authorization": f"Bearer {auth_token}"}
    return requests.post(gateway.url + "/qas/subscription-token", headers=headers, timeout=20, **options)


@pytest.fixture
def auth_token(gateway, person):
    return sign_in(gateway, person.user, person.password).text


def test_a_password_gives_an_auth_token_and_that_a_subscription_token_that_posts(gateway, person, clock):
    signed_in = sign_in(gateway, person.user, person.password)
    assert signed_in.status_code == 201
    assert signed_in.headers["Cache-Control"] == "no-store"
    made = ask_for_token(gateway, signed_in.text, json={"expiry": 500000})
    assert made.status_code == 201
    expires_at = (clock.now() + timedelta(minutes=500000)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert made.json()["expiresAt"] == expires_at
    asked = Client(gateway.url, made.json()["subscriptionToken"], person.number).call("GET", "/qas/subscription-token")
    assert (asked.status_code, asked.json()) == (200, {"kind": "ingest", "expiresAt": expires_at})


def test_a_wrong_name_and_a_wrong_password_are_refused_alike(gateway, person):
    wrong_name, wrong_password = sign_in(gateway, "nobody", person.password), sign_in(gateway, person.user, "x")
    assert code(wrong_name) == code(wrong_password) == (401, "wrong_password")
    assert wrong_name.text == wrong_password.text


@pytest.mark.parametrize(
    "form",
    [
        {"username": "a", "password": "b"},
        {"username": "a", "password": "b", "token": "false"},
        {"username": "a", "token": "true"},
        {"username": ["a", "b"], "password": "b", "token": "true"},
        {"username": "a", "password": "b", "token": "true"} | {str(number): "x" for number in range(10)},
        b"\xff",
        b"",
    ],
)
def test_a_form_that_is_not_as_asked_is_refused(gateway, form):
    assert code(requests.post(gateway.url + "/auth", data=form, timeout=20)) == (400, "bad_form")


def test_a_form_that_is_too_long_is_refused(gateway):
    assert code(sign_in(gateway, "user", "x" * 70_000)) == (413, "too_large")


def test_an_auth_token_lives_four_hours(gateway, auth_token, clock):
    clock.move(4 * 3600 - 1)
    assert ask_for_token(gateway, auth_token, json={"expiry": 1}).status_code == 201
    clock.move(1)
    assert code(ask_for_token(gateway, auth_token, json={"expiry": 1})) == (401, "unauthorized")


def test_an_auth_token_ends_with_the_password_that_it_was_given_for(gateway, clock):
    customer = new_customer(gateway.stores.database, "changing", clock.now)
    auth_token = sign_in(gateway, customer.user, customer.password).text
    assert ask_for_token(gateway, auth_token, json={"expiry": 1}).status_code == 201
    gateway.stores.accounts.set_password(customer.user, "new")
    assert code(ask_for_token(gateway, auth_token, json={"expiry": 1})) == (401, "unauthorized")


def test_an_auth_token_ends_with_its_user_even_if_another_gets_the_number(gateway, clock):
    customer = new_customer(gateway.stores.database, "leaving", clock.now)
    gateway.stores.accounts.add_user("staying", customer.number, "password")
    auth_token = sign_in(gateway, customer.user, customer.password).text
    gateway.stores.accounts.remove_user(customer.user)
    assert code(ask_for_token(gateway, auth_token, json={"expiry": 1})) == (401, "unauthorized")
    new_customer(gateway.stores.database, "following", clock.now)
    assert code(ask_for_token(gateway, auth_token, json={"expiry": 1})) == (401, "unauthorized")


def test_an_auth_token_signed_by_another_or_not_at_all_is_refused(gateway, auth_token):
    claims = jwt.decode(auth_token, options={"verify_signature": False})
    forged = [jwt.encode(claims, "x" * 32, "HS256"), jwt.encode(claims, None, "none"), auth_token[:-3], "x"]
    for token in forged:
        assert code(ask_for_token(gateway, token, json={"expiry": 1})) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("role", "one_time", "told"),
    [
        (Role.READER, False, "not_administrator"),
        (Role.ANALYST, False, "not_administrator"),
        (Role.ADMINISTRATOR, True, "one_time_password"),
    ],
)
def test_who_may_make_no_token_in_the_console_may_make_none_here(gateway, client, role, one_time, told):
    gateway.stores.accounts.add_user(f"{role} {told}", client.customer, "password", role, one_time=one_time)
    auth_token = sign_in(gateway, f"{role} {told}", "password").text
    assert code(ask_for_token(gateway, auth_token, json={"expiry": 1})) == (403, told)


def test_a_whole_number_may_be_written_with_a_point(gateway, auth_token):
    """JSON does not tell 236.0 from 236, and so neither does the API's description."""
    assert ask_for_token(gateway, auth_token, data=b'{"expiry": 236.0}').status_code == 201


@pytest.mark.parametrize(("name", "password"), [("", "password"), ("nobody", ""), ("", "")])
def test_an_empty_name_or_password_is_a_wrong_one(gateway, name, password):
    assert code(sign_in(gateway, name, password)) == (401, "wrong_password")


@pytest.mark.parametrize("expiry", [0, -1, 1.5, "60", True, None, 10**30, 5_270_401])
def test_an_odd_expiry_is_refused(gateway, auth_token, expiry):
    assert code(ask_for_token(gateway, auth_token, json={"expiry": expiry})) == (400, "bad_expiry")


@pytest.mark.parametrize("body", [b"", b"[]", b"60", b'"expiry"', b"{}", b"{"])
def test_a_request_for_a_token_without_an_expiry_is_refused(gateway, auth_token, body):
    assert code(ask_for_token(gateway, auth_token, data=body)) == (400, "bad_expiry")


def test_a_subscription_token_is_not_an_auth_token_and_the_other_way_round(gateway, client, auth_token):
    assert code(ask_for_token(gateway, client.token, json={"expiry": 1})) == (401, "unauthorized")
    as_person = Client(gateway.url, auth_token, 0)
    assert code(as_person.call("GET", "/qas/subscription-token")) == (401, "unauthorized")


def test_a_subscription_token_ends_on_time(client, clock):
    clock.move(timedelta(days=30).total_seconds() - 1)
    assert client.call("GET", "/qas/subscription-token").status_code == 200
    clock.move(1)
    assert code(client.call("GET", "/qas/subscription-token")) == (401, "unauthorized")


def test_a_revoked_token_ends_at_once(gateway, client, clock):
    (token,) = gateway.stores.tokens.all(client.customer)
    gateway.stores.tokens.revoke(client.customer, token.number, clock.now())
    assert code(client.call("GET", "/qas/subscription-token")) == (401, "unauthorized")


def test_the_api_makes_the_kind_of_token_that_is_asked_for_and_ingest_unless_it_is_told(gateway, person, auth_token):
    for asked, kind in (({}, "ingest"), ({"kind": "ingest"}, "ingest"), ({"kind": "agent"}, "agent")):
        made = ask_for_token(gateway, auth_token, json={"expiry": 5} | asked)
        assert (made.status_code, made.json()["kind"]) == (201, kind)
        assert gateway.stores.tokens.all(person.number)[0].kind == kind
    (entry, *_) = gateway.stores.audit_log.page(person.number)
    assert entry.subject.endswith("(created with the HTTP API), agent")


@pytest.mark.parametrize("kind", ["unrestricted", "reader", "Agent", "", None, 1, ["agent"], {}])
def test_a_kind_of_which_no_tokens_are_made_is_refused_in_a_sentence_of_its_own(gateway, person, auth_token, kind):
    before = len(gateway.stores.tokens.all(person.number))
    answer = ask_for_token(gateway, auth_token, json={"expiry": 5, "kind": kind})
    assert code(answer) == (400, "bad_token_kind")
    assert '"ingest"' in answer.json()["error"]["message"]
    assert len(gateway.stores.tokens.all(person.number)) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/qas/subscription-token"),
        ("PUT", PATH),
        ("DELETE", PATH),
        ("POST", "/qas/flow-logs"),
    ],
)
def test_an_agents_token_is_good_for_no_call_of_the_api(gateway, client, clock, method, path):
    registered = client.call("PUT", PATH, json=registration())
    life = timedelta(days=1)
    client.token, _ = gateway.stores.tokens.add(client.customer, clock.now(), life, kind=TokenKind.AGENT)
    body = registration() | {"deployment": "forged"}
    answer = client.post(ndjson(record())) if method == "POST" else client.call(method, path, json=body)
    assert code(answer) == (403, "wrong_token_kind")
    assert "kind ingest" in answer.json()["error"]["message"]
    assert gateway.stores.records.count(client.customer) == 0
    (kept,) = gateway.stores.registrations.all(client.customer)
    assert (kept.content["deployment"], kept.gone_at) == (registered.json()["deployment"], None)


def test_a_token_of_version_0_1_does_what_it_did(gateway, client, clock, new_agent):
    life = timedelta(days=1)
    client.token, _ = gateway.stores.tokens.add(client.customer, clock.now(), life, kind=TokenKind.UNRESTRICTED)
    assert client.call("GET", "/qas/subscription-token").json()["kind"] == "unrestricted"
    assert client.call("PUT", PATH, json=registration()).status_code == 201
    assert client.post(ndjson(record())).status_code == 202
    assert client.call("DELETE", PATH).status_code == 204
    agent = new_agent(client.customer)
    agent.token = client.token
    assert agent.ask().status_code == 200
