"""The description of the edge's calls, held against the calls as they are answered."""

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry

from gateway.edge.app import edge_routes
from gateway.limits import DEFAULT_LIMITS
from shared.flowlog.record import AGENT_KEYS, KEYS
from tests.gateway.client import agent_record, ndjson, record

DOCUMENT = json.loads((Path(__file__).parents[3] / "gateway" / "edge" / "openapi.json").read_text())
REGISTRY: Registry[Any] = Registry()
OPERATIONS = {(path, method.upper()): each for path, item in DOCUMENT["paths"].items() for method, each in item.items()}


def in_document(schema):
    return Draft202012Validator({"$id": "urn:edge", **DOCUMENT, **schema}, registry=REGISTRY)


def hold_to_description(answer):
    """See that an answer is one that the document describes; give its status."""
    operation = OPERATIONS[urlsplit(answer.url).path, answer.request.method]
    response = operation["responses"][str(answer.status_code)]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    in_document(response["content"]["application/json"]["schema"]).validate(answer.json())
    return answer.status_code


def test_the_document_is_a_good_one_and_is_served_as_it_is(agent):
    validate(DOCUMENT)
    assert agent.call("GET", "/openapi.json").json() == DOCUMENT


def test_it_describes_every_call_and_no_other(gateway, clock):
    routes = edge_routes(gateway.stores, clock.now, DEFAULT_LIMITS)
    assert {(route.path, method) for route in routes for method in route.methods - {"HEAD"}} == OPERATIONS.keys()


def test_answers_are_as_described(agent, accept, apply, new_agent, new_client, brief_edge):
    narrow = accept(new_agent(url=brief_edge))
    pending, ingest = new_agent(), new_client()
    wrong = {"Authorization": "Bearer wrong"}
    body = ndjson(agent_record(), b"{}")
    answers = [
        agent.ask(Agent_Id="x"),
        agent.ask(Authorization="Bearer wrong"),
        agent.ask(Agent_Host=None),
        agent.ask(),
        pending.deliver(body),
        agent.ask(Authorization=f"Bearer {ingest.token}"),
        agent.deliver(body, 0, {"Authorization": f"Bearer {ingest.token}"}),
        accept(agent).deliver(body),
        agent.deliver(body),
        agent.deliver(ndjson(agent_record())),
        agent.deliver(b"x", 1),
        agent.deliver(b"no gzip at all", 1, compressed=True),
        agent.deliver(body, 1, {"Idempotency-Key": "x"}),
        agent.deliver(body, 1, {"Agent-Id": "x"}),
        agent.deliver(body, 1, {"Content-Type": None}),
        agent.deliver(body, 1, wrong),
        agent.deliver(gzip.compress(body)[:-9], 1, compressed=True),
        narrow.deliver(bytes(2001), compressed=True),
        agent.call("GET", "/healthz"),
    ]
    statuses = [hold_to_description(answer) for answer in answers]
    assert statuses == [400, 401, 403, 200, 403, 403, 403, 200, 200, 409, 400, 400, 400, 400, 415, 401, 408, 413, 200]
    apply(agent)
    assert hold_to_description(agent.ask()) == 200


def test_it_describes_the_records_that_are_taken():
    schema = in_document({"$ref": "#/components/schemas/AgentRecord"})
    assert list(DOCUMENT["components"]["schemas"]["AgentRecord"]["properties"]) == [*KEYS, *AGENT_KEYS]
    assert schema.is_valid(agent_record())
    assert schema.is_valid(agent_record(direction=None, direction_basis="unknown", src_port=7))
    for wrong in (record(), agent_record(rule="x"), agent_record(host=""), agent_record(cmdline="x")):
        assert not schema.is_valid(wrong)
