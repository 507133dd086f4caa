"""The fast path for reading flow records, for bodies without a fault, which nearly all are.

It only says yes or no: what it accepts, `gateway.api.ndjson.read_each_line` accepts with the same result, and a body
that it does not accept is read that way. Measured with batches of 10,000 records: a third of the time.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, Final, Literal

import msgspec

from gateway.traffic.transposed import Columns
from shared.flowlog.check import TEXTS, check, fits
from shared.flowlog.record import (
    COUNTERS,
    DIGITS_MAX,
    KEYS,
    PORT_MAX,
    PROTOCOL_MAX,
    TIME_END_MS,
    TIME_MIN_MS,
    canonical_address,
)

type _Port = Annotated[int, msgspec.Meta(ge=0, le=PORT_MAX)]
type _Counter = Annotated[int, msgspec.Meta(ge=0, lt=10**DIGITS_MAX)] | None


class _Line(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    time: Annotated[int, msgspec.Meta(ge=TIME_MIN_MS, lt=TIME_END_MS)]
    src_ip: str
    src_port: _Port
    dst_ip: str
    dst_port: _Port
    protocol: Annotated[int, msgspec.Meta(ge=0, le=PROTOCOL_MAX)]
    direction: Literal["inbound", "outbound"]
    decision: Literal["allow", "deny"]
    state: Literal["begin", "continue", "end", "deny"] | None
    encryption: str | None
    packets_src_to_dst: _Counter
    bytes_src_to_dst: _Counter
    packets_dst_to_src: _Counter
    bytes_dst_to_src: _Counter
    rule: str
    mac: str | None
    acl_id: str | None
    resource_id: str | None
    flow_log_id: str | None
    source: Literal["nsg", "vnet"]
    version: int


_DECODER: Final = msgspec.json.Decoder(_Line)
_COLUMNS: Final = {key: attrgetter(key) for key in KEYS}
_KIND: Final = ("source", "version", "decision", "state")
_TEXTS: Final = {key: most for key, most in TEXTS.items() if key in KEYS}
_ZEROS: Final = (0, 0, 0, 0)


def read_fast(body: bytes) -> Columns | None:
    """Read a body of flow records; None if anything about it might be wrong.

    Args:
        body: Newline-delimited JSON, uncompressed.
    """
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    # No flow record contains an object, and no JSON string a line break: if every line begins with a brace, then each
    # begins a new record, and as many records as lines means one per line.
    if not body.startswith(b"{") or body.count(b"\n{") != lines - 1:
        return None
    try:
        records = _DECODER.decode_lines(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if len(records) != lines:
        return None
    columns = {key: list(map(get, records)) for key, get in _COLUMNS.items()}
    return columns if _holds(columns) else None


def _holds(columns: Columns) -> bool:
    """Return whether the records meet the rules that types do not express, checking each distinct value once."""
    if not columns["time"] or not all(map(_is_canonical, {*columns["src_ip"], *columns["dst_ip"]})):
        return False
    if not all(_are_short(columns[key], most) for key, most in _TEXTS.items()):
        return False
    sample = {key: values[0] for key, values in columns.items()} | dict.fromkeys(COUNTERS)
    unmeasured = map(_ZEROS.__eq__, zip(*(columns[key] for key in COUNTERS), strict=True))
    kinds = set(zip(*(columns[key] for key in _KIND), unmeasured, strict=True))
    return all(
        check(sample | dict(zip(_KIND, kind, strict=True)) | dict.fromkeys(COUNTERS, 0 if zeros else None)) is None
        for *kind, zeros in kinds
    ) and all(check(sample | {"mac": mac}) is None for mac in set(columns["mac"]))


def _are_short(texts: Sequence[str | None], most: int) -> bool:
    return all(text is None or fits(text, most) for text in set(texts))


def _is_canonical(address: str) -> bool:
    return canonical_address(address) == address
