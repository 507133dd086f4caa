"""The rules for the values of a flow record."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.flowlog.record import (
    COUNTERS,
    DIGITS_MAX,
    LINKS,
    PORT_MAX,
    PROTOCOL_MAX,
    TIME_END_MS,
    TIME_MIN_MS,
    VERSIONS,
    CounterSource,
    Decision,
    Direction,
    DirectionBasis,
    Source,
    State,
    canonical_address,
    means_not_measured,
)

ID_BYTES: Final = 1024
"""The longest resource id, in UTF-8. By Azure's own limits, a flow log's has at most 372 characters, and that of a
scale set's NIC about 396.
"""
TEXT_BYTES: Final = 512
"""The longest of all other texts, in UTF-8."""
TEXTS: Final = {
    **dict.fromkeys(("encryption", "rule", "host", "process"), TEXT_BYTES),
    **dict.fromkeys(("acl_id", "resource_id", "flow_log_id"), ID_BYTES),
}
"""The keys whose values a sender is free to choose, with the most bytes that each may have."""


def check(value: object) -> str | None:
    """Return why a decoded JSON value is not a valid flow record; None if it is one. Its keys may be in any order."""
    if not isinstance(value, dict):
        return "a flow record is a JSON object"
    from_agent = value.get("source") == Source.AGENT.value
    rules = _AGENT_RULES if from_agent else _RULES
    if value.keys() != rules.keys():
        missing, unknown = [key for key in rules if key not in value], sorted(value.keys() - rules.keys())
        return f"a flow record lacks {', '.join(missing)}" if missing else f"unknown key {unknown[0]!r:.80}"
    for key, rule in rules.items():
        if not rule.holds(value[key]):
            return f"{key} must be {rule.words}, not {value[key]!r:.80}"
    return _check_together_from_agent(value) if from_agent else _check_together(value)


@dataclass(frozen=True, slots=True)
class _Rule:
    words: str
    holds: Callable[[object], bool]


_MAC: Final = re.compile(r"[0-9A-F]{12}")


def _whole(low: int, end: int, words: str) -> _Rule:
    return _Rule(words, lambda value: type(value) is int and low <= value < end)


def _one_of(choices: type[StrEnum]) -> _Rule:
    names = frozenset(choice.value for choice in choices)
    return _Rule(f"one of {', '.join(sorted(names))}", lambda value: isinstance(value, str) and value in names)


def fits(text: str, most: int) -> bool:
    """Return whether a text has at most a number of bytes in UTF-8."""
    return len(text) <= most and (text.isascii() or len(text.encode(errors="surrogatepass")) <= most)


def _text(key: str, least: int = 0) -> _Rule:
    most = TEXTS[key]
    return _Rule(
        f"a text of {least} to {most} bytes in UTF-8",
        lambda value: isinstance(value, str) and len(value) >= least and fits(value, most),
    )


def _or_null(rule: _Rule) -> _Rule:
    return _Rule(f"{rule.words}, or null", lambda value: value is None or rule.holds(value))


_NULL: Final = _Rule("null", lambda value: value is None)
_NUMBER: Final = _whole(0, 10**DIGITS_MAX, f"a whole number of at most {DIGITS_MAX} digits")
_ADDRESS: Final = _Rule(
    "an address in canonical text", lambda value: isinstance(value, str) and canonical_address(value) == value
)
_PORT: Final = _whole(0, PORT_MAX + 1, f"a whole number from 0 to {PORT_MAX}")
_RULES: Final = {
    "time": _whole(TIME_MIN_MS, TIME_END_MS, "epoch milliseconds from 2000 to 2100"),
    "src_ip": _ADDRESS,
    "src_port": _PORT,
    "dst_ip": _ADDRESS,
    "dst_port": _PORT,
    "protocol": _whole(0, PROTOCOL_MAX + 1, f"a whole number from 0 to {PROTOCOL_MAX}"),
    "direction": _one_of(Direction),
    "decision": _one_of(Decision),
    "state": _or_null(_one_of(State)),
    "encryption": _or_null(_text("encryption")),
    **dict.fromkeys(COUNTERS, _or_null(_NUMBER)),
    "rule": _text("rule"),
    "mac": _or_null(
        _Rule(
            "12 upper-case hexadecimal digits",
            lambda value: isinstance(value, str) and _MAC.fullmatch(value) is not None,
        )
    ),
    **{key: _or_null(_text(key)) for key in ("acl_id", "resource_id", "flow_log_id")},
    "source": _one_of(Source),
    "version": _whole(1, 10**DIGITS_MAX, "a version number"),
}

_AGENT_RULES: Final = _RULES | {
    "src_port": _or_null(_PORT),
    "direction": _or_null(_one_of(Direction)),
    **dict.fromkeys(("decision", "state", "encryption", "rule", "mac", "acl_id", "resource_id", "flow_log_id"), _NULL),
    "host": _text("host", least=1),
    "process": _or_null(_text("process")),
    "direction_basis": _one_of(DirectionBasis),
    **dict.fromkeys(LINKS, _NUMBER),
    "counter_source": _one_of(CounterSource),
}


def _check_together(value: dict[str, object]) -> str | None:
    """Return which rule about several keys is violated, given that each value is valid by itself."""
    source, version = Source(str(value["source"])), value["version"]
    if version not in VERSIONS[source]:
        return f"version {version} is not a version of source {source.value}"
    state = None if value["state"] is None else State(str(value["state"]))
    decision = Decision(str(value["decision"]))
    if state is State.DENY and decision is not Decision.DENY:
        return "state deny needs decision deny"
    if means_not_measured(decision, state, [value[key] for key in COUNTERS]):
        return "four counters of zero must be null in a tuple that begins or denies a flow"
    return None


def _check_together_from_agent(value: dict[str, object]) -> str | None:
    if value["version"] not in VERSIONS[Source.AGENT]:
        return f"version {value['version']} is not a version of source {Source.AGENT.value}"
    unknown = value["direction_basis"] == DirectionBasis.UNKNOWN.value
    if (value["direction"] is None) is not unknown:
        return "direction must be null where its basis is unknown, and nowhere else"
    if (value["src_port"] is None) is unknown:
        return "src_port must be null where the direction is known, and nowhere else"
    if value["counter_source"] == CounterSource.NONE.value and any(value[key] is not None for key in COUNTERS):
        return "counters must be null where they have no source"
    return None
