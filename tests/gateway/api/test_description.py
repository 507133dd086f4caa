"""The description of the API, held against the API as it answers."""

import gzip
import http.client
import json
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from dev.gateway.local import new_customer, run_in_thread
from gateway.api.routes import api_routes, is_api
from gateway.limits import DEFAULT_LIMITS, Limits
from gateway.signing_in import SigningIn
from gateway.stores.accounts import Role
from shared.flowlog.check import check
from shared.flowlog.record import KEYS
from tests.gateway.client import Client, ndjson, record
from tests.gateway.console.setup.registered import PATH, registration

DOCUMENT = json.loads((Path(__file__).parents[3] / "gateway" / "api" / "openapi.json").read_text())
REGISTRY: Registry[Any] = Registry().with_resource("urn:api", Resource(DOCUMENT, DRAFT202012))
OPERATIONS = {
    (path, method.upper()): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}
SUBSCRIPTIONS = "/qas/azure/subscriptions/{subscription_id}"


def validator(*place):
    """A validator for the schema at a place of the document."""
    pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)
    return Draft202012Validator({"$ref": f"urn:api#/{pointer}"}, registry=REGISTRY)


def resolved(node):
    while "$ref" in node:
        place = node["$ref"].removeprefix("#/").split("/")
        node = DOCUMENT
        for part in place:
            node = node[part]
    return node


def test_the_document_is_a_good_one():
    validate(DOCUMENT)


def test_it_is_served_as_it_is(client):
    answer = client.call("GET", "/openapi.json", headers={"Authorization": ""})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == DOCUMENT


def test_it_describes_every_call_and_no_other(gateway, clock):
    signing_in = SigningIn(gateway.stores, clock.now)
    routes = api_routes(gateway.stores, signing_in, DEFAULT_LIMITS, clock.now)
    assert {(route.path, method) for route in routes for method in route.methods - {"HEAD"}} == OPERATIONS.keys()
    assert all(is_api(path) for path, _ in OPERATIONS)


def hold_to_description(answer, path=None):
    """See that an answer is one that the document describes; give which it is."""
    path = path or urlsplit(answer.url).path
    method, status = answer.request.method, str(answer.status_code)
    response = resolved(OPERATIONS[path, method]["responses"][status])
    content = response.get("content", {})
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    assert media_type in content or (not content and not answer.content)
    if content:
        value = answer.json() if media_type == "application/json" else answer.text
        schema = content[media_type]["schema"]
        in_document = Draft202012Validator({"$id": "urn:api", **DOCUMENT, **schema}, registry=REGISTRY)
        in_document.validate(value)
    for name, header in response.get("headers", {}).items():
        value = answer.headers.get(name)
        assert value is not None or not header.get("required")
        schema = header["schema"]
        Draft202012Validator(schema).validate(int(value) if schema["type"] == "integer" else value)
    return path, method, answer.status_code


@pytest.fixture(scope="module")
def own(tmp_path_factory, clock):
    """A gateway whose sign-ins may be used up, with bodies that are soon too large and too late."""
    limits = Limits(body_bytes=20_000, form_bytes=20_000, body_seconds=0.5)
    with run_in_thread(tmp_path_factory.mktemp("own"), clock=clock.now, limits=limits) as running:
        yield running


@pytest.fixture(scope="module")
def person(own, clock):
    return new_customer(own.stores.database, "person", clock.now)


@pytest.fixture
def caller(own, person):
    return Client(own.url, person.subscription_token, person.number)


@pytest.fixture
def signed_in(own, person):
    """A client with an auth token in its subscription token's place."""
    form = {"username": person.user, "password": person.password, "token": "true"}
    answer = requests.post(own.url + "/auth", data=form, timeout=20)
    assert hold_to_description(answer)[2] == 201
    return Client(own.url, answer.text, person.number)


def stranger(caller):
    return Client(caller.url, "wrong", caller.customer)


LONG = b"x" * 20_001


def test_sign_ins_are_as_described(caller, person):
    def sign_in(**form):
        return hold_to_description(caller.call("POST", "/auth", data=form or LONG))[2]

    right = {"username": person.user, "password": person.password, "token": "true"}
    assert [sign_in(**right), sign_in(**right | {"password": "x"}), sign_in(username="x"), sign_in()] == [
        201,
        401,
        400,
        413,
    ]
    statuses = {sign_in(username="nobody", password="x", token="true") for _ in range(11)}
    assert statuses == {401, 429}


def test_subscription_tokens_are_as_described(caller, signed_in):
    path = "/qas/subscription-token"
    answers = [
        signed_in.call("POST", path, json={"expiry": 5}),
        signed_in.call("POST", path, json={"expiry": 0}),
        caller.call("POST", path, json={"expiry": 5}),
        signed_in.call("POST", path, data=LONG),
        caller.call("GET", path),
        stranger(caller).call("GET", path),
    ]
    assert [hold_to_description(answer)[2] for answer in answers] == [201, 400, 401, 413, 200, 401]


def test_a_reader_is_refused_as_described(own, person):
    own.stores.accounts.add_user("reader", person.number, "password", Role.READER)
    form = {"username": "reader", "password": "password", "token": "true"}
    reader = Client(own.url, requests.post(own.url + "/auth", data=form, timeout=20).text, person.number)
    assert hold_to_description(reader.call("POST", "/qas/subscription-token", json={"expiry": 5}))[2] == 403


def test_registrations_are_as_described(caller):
    nowhere = "/qas/azure/subscriptions/production"
    answers = [
        caller.call("PUT", PATH, json=registration()),
        caller.call("PUT", PATH, json=registration()),
        caller.call("PUT", PATH, json={}),
        caller.call("PUT", nowhere, json=registration()),
        stranger(caller).call("PUT", PATH, json=registration()),
        caller.call("PUT", PATH, data=LONG),
        stranger(caller).call("DELETE", PATH),
        caller.call("DELETE", nowhere),
        caller.call("DELETE", PATH),
        caller.call("DELETE", PATH),
    ]
    assert [hold_to_description(answer, SUBSCRIPTIONS)[2] for answer in answers] == [
        201,
        200,
        400,
        400,
        401,
        413,
        401,
        400,
        204,
        404,
    ]


def test_deliveries_are_as_described(caller):
    answers = [
        caller.post(ndjson(record(), b"{}"), "one"),
        caller.post(ndjson(record(), b"{}"), "one"),
        caller.post(ndjson(record()), "one"),
        caller.post(b"no gzip at all", "two", compressed=True),
        caller.post(b"x", "two"),
        caller.post(ndjson(record()), "two", {"Idempotency-Key": "a b"}),
        caller.post(ndjson(record()), "two", {"Content-Encoding": None}),
        caller.post(LONG, "two", compressed=True),
        caller.post(gzip.compress(ndjson(record()))[:-9], "two", compressed=True),
        stranger(caller).post(ndjson(record()), "two"),
    ]
    assert [hold_to_description(answer)[2] for answer in answers] == [
        202,
        202,
        409,
        400,
        400,
        400,
        415,
        413,
        408,
        401,
    ]


def test_a_key_in_progress_and_one_that_comes_too_slowly_are_as_described(caller):
    url = urlsplit(caller.url)
    with closing(http.client.HTTPConnection(url.netloc, timeout=20)) as slow:
        slow.putrequest("POST", "/qas/flow-logs")
        for name, value in {
            "Authorization": f"Bearer {caller.token}",
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Idempotency-Key": "slow",
            "Content-Length": "9",
            "Expect": "100-continue",
        }.items():
            slow.putheader(name, value)
        slow.endheaders()
        assert slow.sock.recv(1000).startswith(b"HTTP/1.1 100")  # the gateway waits for the body
        assert hold_to_description(caller.post(ndjson(record()), "slow"))[2] == 425
        late = slow.getresponse()
        assert late.status == 408
        validator("components", "schemas", "Error").validate(json.loads(late.read()))


def test_a_busy_gateway_and_a_healthy_one_are_as_described(tmp_path, clock):
    with run_in_thread(tmp_path, clock=clock.now, limits=Limits(posts_at_once=0)) as busy:
        customer = new_customer(busy.stores.database, "customer", clock.now)
        caller = Client(busy.url, customer.subscription_token, customer.number)
        assert hold_to_description(caller.post(ndjson(record())))[2] == 503
        assert hold_to_description(caller.call("GET", "/healthz"))[2] == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/qas/subscription-token"), ("DELETE", PATH), ("POST", "/qas/flow-logs")]
)
def test_faults_are_as_described(caller, own, monkeypatch, method, path):
    monkeypatch.setattr(type(own.stores.tokens), "find", None)
    template = SUBSCRIPTIONS if path == PATH else None
    assert hold_to_description(caller.call(method, path), template)[2] == 500


def test_the_flow_record_is_the_one_that_is_checked():
    described = validator("components", "schemas", "FlowRecord")
    assert tuple(DOCUMENT["components"]["schemas"]["FlowRecord"]["properties"]) == KEYS
    for change in (
        {},
        {"state": None, "version": 1, **{key: None for key in KEYS if key.startswith(("packets_", "bytes_"))}},
        {"src_port": 65536},
        {"src_port": "1"},
        {"protocol": 256},
        {"direction": "in"},
        {"decision": None},
        {"state": "open"},
        {"bytes_src_to_dst": -1},
        {"bytes_src_to_dst": 10**18},
        {"rule": None},
        {"mac": "00:0D"},
        {"source": "agent"},
        {"version": 3},
        {"other": 1},
    ):
        assert described.is_valid(record(**change)) is (check(record(**change)) is None), change
