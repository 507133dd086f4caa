"""A gateway's customer, as tests speak to a gateway: over real HTTP."""

import gzip
import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import requests

from dev.gateway.local import Gateway
from gateway.traffic.posts import Post
from gateway.traffic.transposed import Columns, transposed
from shared.flowlog.record import AGENT_KEYS, KEYS

_RECORD = dict.fromkeys(KEYS) | {
    "time": 1795447800000,
    "src_ip": "10.0.0.4",
    "src_port": 44931,
    "dst_ip": "13.107.21.200",
    "dst_port": 443,
    "protocol": 6,
    "direction": "outbound",
    "decision": "allow",
    "state": "continue",
    "packets_src_to_dst": 1,
    "bytes_src_to_dst": 66,
    "packets_dst_to_src": 2,
    "bytes_dst_to_src": 132,
    "rule": "DefaultRule_AllowInternetOutBound",
    "mac": "000D3AF87856",
    "resource_id": "/SUBSCRIPTIONS/S",
    "source": "nsg",
    "version": 2,
}


def record(**changes: object) -> dict[str, Any]:
    """Return a flow record that keeps all rules, apart from what is changed."""
    return _RECORD | changes


_OF_AGENT = {
    "host": "web-1",
    "process": "nginx",
    "direction_basis": "listen",
    "links_established": 2,
    "links_terminated": 1,
    "links_failed": 0,
    "links_live": 1,
    "counter_source": "none",
}


def agent_record(**changes: object) -> dict[str, Any]:
    """Return an agent's flow record that keeps all rules, apart from what is changed."""
    base = dict.fromkeys(KEYS) | {
        "time": 1795447800000,
        "src_ip": "10.0.0.9",
        "dst_ip": "10.0.0.4",
        "dst_port": 443,
        "protocol": 6,
        "direction": "inbound",
        "source": "agent",
        "version": 1,
    }
    return base | _OF_AGENT | changes


def ndjson(*lines: object) -> bytes:
    """Return values as newline-delimited JSON; bytes stand for a line as it is."""
    return b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)


class Client:
    """Sends requests to a gateway in a customer's name."""

    def __init__(self, url: str, token: str, customer: int) -> None:
        self.url = url
        self.token = token
        self.customer = customer

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send any request with the customer's token."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=20, allow_redirects=False, **options)

    def post(
        self, body: bytes, key: str = "key", headers: dict[str, Any] | None = None, *, compressed: bool = False
    ) -> requests.Response:
        """Post flow logs; a header of None is left out."""
        sent = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip", "Idempotency-Key": key}
        data = body if compressed else gzip.compress(body, 1)
        return self.call("POST", "/qas/flow-logs", data=data, headers=sent | (headers or {}))


def code(response: requests.Response) -> tuple[int, str]:
    """Return the status and the error's code of a refusal, whose message must be a sentence."""
    error = response.json()["error"]
    assert error.keys() == {"code", "message"}
    assert error["message"].endswith(".")
    return response.status_code, error["code"]


def records_of(columns: Columns) -> list[dict[str, Any]]:
    """Return flow records that were turned on their side, upright again."""
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [
        {key: value for key, value in row.items() if key not in AGENT_KEYS or row["source"] == "agent"} for row in rows
    ]


class AgentClient(Client):
    """An agent, as far as the edge can tell: over real TLS, with a certificate that is verified."""

    def __init__(self, url: str, token: str, customer: int, certificate: str, host: str = "web-1") -> None:
        super().__init__(url, token, customer)
        self.certificate = certificate
        self.id = str(uuid.uuid4())
        self.who = {
            "Agent-Id": self.id,
            "Agent-Host": host,
            "Agent-System": "Linux 6.1 x86_64",
            "Agent-Version": "1.0",
            "Agent-Addresses": "10.0.0.4,fd00::4",
        }

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send any request with the customer's token."""
        return super().call(method, path, verify=self.certificate, **options)

    def ask(self, known: str | None = None, **headers: Any) -> requests.Response:
        """Ask what to do; `_` in a header's name stands for `-`, and a header of None is left out."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        query = {} if known is None else {"known": known}
        return self.call("GET", "/agent/v1/request", params=query, headers=self.who | given)

    def deliver(
        self, body: bytes = b"", start: int = 0, headers: dict[str, Any] | None = None, *, compressed: bool = False
    ) -> requests.Response:
        """Deliver the flows of an interval; a header of None is left out."""
        sent = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Idempotency-Key": f"{self.id}:{start}",
        }
        data = body if compressed else gzip.compress(body)
        return self.call("POST", "/agent/v1/traffic", data=data, headers=self.who | sent | (headers or {}))


def deliver(gateway: Gateway, customer: int, now: datetime, key: str, records: Sequence[dict[str, Any]]) -> None:
    """Bring a customer flow records: those of logs over the API as a function does, those of agents into the store."""
    logged = [each for each in records if each["source"] != "agent"]
    seen = [each for each in records if each["source"] == "agent"]
    if logged:
        token, _ = gateway.stores.tokens.add(customer, now, timedelta(days=1))
        answer = Client(gateway.url, token, customer).post(ndjson(*logged), key=key)
        assert (answer.status_code, answer.json()["rejected"]) == (202, [])
    if seen:
        gateway.stores.records.store(Post(customer, f"{key}-agents", b"", b"{}", now), transposed(seen))
