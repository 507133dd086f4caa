"""Bodies of newline-delimited JSON, one flow record per line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.api.body import too_large
from gateway.api.errors import ApiError
from gateway.api.fast import read_fast
from gateway.traffic.transposed import Columns, transposed
from shared.flowlog.check import check
from shared.flowlog.record import Source

_REASONS: Final = 100
"""The most distinct reasons in an answer. With a distinct one for each of 20,000 lines, the answer to a few kilobytes
would be as long as a book, and answers are stored.
"""
_OTHER_REASON: Final = "not a flow record, for another reason than those given for other lines"

type Check = Callable[[object], str | None]
"""Returns why a decoded JSON value is rejected; None if it is accepted."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The lines of one body.

    Attributes:
        accepted: How many of the lines are flow records.
        columns: The accepted flow records.
        rejected: The other lines, each as `{"line", "reason"}`, counted from 0.
    """

    accepted: int
    columns: Columns
    rejected: list[dict[str, Any]]


def read_lines(body: bytes, limit: int) -> Batch:
    """Read newline-delimited JSON, one flow record of a log per line.

    Args:
        body: The uncompressed body.
        limit: The most lines to accept.

    Raises:
        ApiError: 413 for more lines, 400 if none of them is a JSON object.
    """
    check_length(body, limit)
    columns = read_fast(body)
    return read_each_line(body) if columns is None else Batch(len(columns["time"]), columns, [])


def check_length(body: bytes, limit: int) -> None:
    """Refuse a body with more lines than a limit."""
    if body.count(b"\n") > limit:
        raise too_large(f"The body has more than {limit} lines.")


def check_of_log(value: object) -> str | None:
    """Return why a decoded JSON value is not a flow record of a log; None if it is one."""
    reason = check(value)
    if reason is None and isinstance(value, dict) and value["source"] == Source.AGENT.value:
        return "an agent's flow record must be delivered to the edge, not here"
    return reason


def read_each_line(body: bytes, check: Check = check_of_log) -> Batch:
    """Read newline-delimited JSON line by line: the plain path, which finds what is wrong with each line.

    Args:
        body: The uncompressed body.
        check: Returns what is wrong with a line's value.

    Raises:
        ApiError: 400 if none of the lines is a JSON object.
    """
    lines = body.removesuffix(b"\n").split(b"\n")
    records: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    reasons: set[str] = set()
    objects = 0
    for number, line in enumerate(lines):
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            reason: str | None = f"a flow record is a JSON object: {error.msg} at character {error.pos}"
        else:
            objects += isinstance(value, dict)
            reason = check(value)
        if reason is None:
            records.append(value)
        else:
            told = reason if reason in reasons or len(reasons) < _REASONS else _OTHER_REASON
            reasons.add(told)
            rejected.append({"line": number, "reason": told})
    if not objects:
        raise ApiError(400, "not_ndjson", "The body is not NDJSON. Send one JSON object per line, and no list.")
    return Batch(len(records), transposed(records), rejected)
