"""Bodies of newline-delimited JSON, one flow record a line."""

from dataclasses import dataclass
from typing import Any

import orjson

from gateway.api.body import too_large
from gateway.api.errors import ApiError
from gateway.api.faultless import read_faultless
from gateway.stores.columns import Columns, columns
from shared.flowlog.check import check


@dataclass(frozen=True, slots=True)
class Batch:
    """The lines of one body.

    Attributes:
        accepted: How many of the lines are flow records.
        columns: Those flow records.
        rejected: The other lines, each as `{"line", "reason"}`, counted from 0.

    """

    accepted: int
    columns: Columns
    rejected: list[dict[str, Any]]


def read_lines(body: bytes, limit: int) -> Batch:
    """Read newline-delimited JSON, one flow record a line.

    Args:
        body: The uncompressed body.
        limit: The most lines to take.

    Raises:
        ApiError: 413 for more lines, 400 if not one of them is a JSON object.

    """
    if body.count(b"\n") > limit:
        raise too_large(f"The body has more than {limit} lines.")
    faultless = read_faultless(body)
    return read_each_line(body) if faultless is None else Batch(len(faultless["time"]), faultless, [])


def read_each_line(body: bytes) -> Batch:
    """Read newline-delimited JSON a line at a time: the plain way, which tells what is wrong with each line.

    Raises:
        ApiError: 400 if not one of the lines is a JSON object.

    """
    lines = body.removesuffix(b"\n").split(b"\n")
    records: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
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
            rejected.append({"line": number, "reason": reason})
    if not objects:
        raise ApiError(400, "not_ndjson", "The body is no NDJSON. Send one JSON object a line, none of them a list.")
    return Batch(len(records), columns(records), rejected)
