"""Tuples that break a rule of their format."""

import random
from collections.abc import Callable

_TIME, _SOURCE, _DESTINATION, _SOURCE_PORT, _PORT, _PROTOCOL, _DIRECTION, _LAST = 0, 1, 2, 3, 4, 5, 6, -1


def _with(field: int, change: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    def broken(fields: list[str]) -> list[str]:
        fields[field] = change(fields[field])
        return fields

    return broken


_WAYS: tuple[Callable[[list[str]], list[str]], ...] = (
    _with(_TIME, lambda _: "yesterday"),
    _with(_TIME, lambda time: f"+{time}"),
    _with(_TIME, lambda time: f"{time}000000"),
    _with(_SOURCE, lambda _: "10.0.0.256"),
    _with(_SOURCE, lambda _: "fe80::1%eth0"),
    _with(_DESTINATION, lambda _: ""),
    _with(_SOURCE_PORT, lambda port: f"0{port}"),
    _with(_PORT, lambda _: "65536"),
    _with(_PROTOCOL, lambda _: "X"),
    _with(_DIRECTION, lambda _: "Inbound"),
    _with(_LAST, lambda last: f"{last}?"),
    lambda fields: fields[:7],
    lambda fields: [*fields, "surplus"],
    lambda _: [""],
)


def break_tuple(text: str, chance: random.Random) -> str:
    """Return the tuple with one fault, so that no reader may take it for a flow."""
    return ",".join(chance.choice(_WAYS)(text.split(",")))
