"""A gateway's customer, as tests speak to a gateway: over real HTTP."""

import gzip
import json
from typing import Any

import requests

from gateway.stores.columns import Columns
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
