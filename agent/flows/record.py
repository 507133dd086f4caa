"""The record that the agent sends: the flow record, with what only an agent knows added at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final, Union

Value = Union[int, str, None]
Record = Mapping[str, Value]

SOURCE: Final = "agent"
VERSION: Final = 1
KEYS: Final = (
    "time",
    "src_ip",
    "src_port",
    "dst_ip",
    "dst_port",
    "protocol",
    "direction",
    "decision",
    "state",
    "encryption",
    "packets_src_to_dst",
    "bytes_src_to_dst",
    "packets_dst_to_src",
    "bytes_dst_to_src",
    "rule",
    "mac",
    "acl_id",
    "resource_id",
    "flow_log_id",
    "source",
    "version",
    "host",
    "process",
    "direction_basis",
    "links_established",
    "links_terminated",
    "links_failed",
    "links_live",
    "counter_source",
)
"""The keys of every record, in their order."""


def make_record(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return a record with its keys in order; what an agent can't know is null."""
    return {key: values.get(key) for key in KEYS}


def to_lines(records: Iterable[Record]) -> bytes:
    """Return records as NDJSON, one line each."""
    lines = bytearray()  # grows record by record, of which there may be many
    for record in records:
        line = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
        lines += line.encode("utf-8", "replace") + b"\n"
    return bytes(lines)
