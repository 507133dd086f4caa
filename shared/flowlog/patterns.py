"""Tuples of the usual form: one regular expression per format finds the fields of an entire group at once.

A pattern accepts a subset of what `shared.flowlog.tuples` accepts: fields that are valid as they are, so that they can
be written as they were read. Everything else is left to the plain reader.
"""

import re
from dataclasses import dataclass
from itertools import product
from typing import Final

from shared.flowlog.record import Decision, Direction, Source, State, canonical_address
from shared.flowlog.tuples import DECISIONS, DIRECTIONS, PROTOCOLS, STATES, VNET_STATES

type Row = tuple[str, ...]
"""The fields of a tuple that are written: time, addresses, ports, letters, encryption and the four counters."""

UNUSUAL: Final[Row] = ("",)
"""Stands for a tuple that is to be read plainly; its first field is empty, which a usual row's never is."""


@dataclass(frozen=True, eq=False)
class Format:
    """How the usual tuples of one format are read and written.

    Attributes:
        source: The kind of log.
        version: Its version.
        position: Where in a record the groups of tuples are, with places for two numbers.
        pattern: Finds one row in each line; all its fields are empty if the line is unusual.
        zeros: What makes the time milliseconds.
        middles: The JSON from `protocol` up to the value of `encryption`, by letters.
        after: The JSON from there to the value of the first counter.
    """

    source: Source
    version: int
    position: str
    pattern: re.Pattern[str]
    zeros: str
    middles: dict[str, str]
    after: str

    def rows(self, tuples: list[str]) -> list[Row]:
        """Return a row for each tuple; no tuple may hold a newline.

        Raises:
            TypeError: If a tuple is not a string.
        """
        text = "\n".join(tuples)
        rows: list[Row] = self.pattern.findall(text)
        return [_with_canonical_addresses(row) for row in rows] if ":" in text else rows

    def lines(self, rows: list[Row], tails: list[str]) -> list[str]:
        """Return the records of usual rows as JSON, keys as in `FlowRecord`; a tail holds those from `rule` on."""
        zeros, middles, after = self.zeros, self.middles, self.after
        return [
            f'{{"time":{time}{zeros},"src_ip":"{src_ip}","src_port":{src_port},"dst_ip":"{dst_ip}","dst_port":{dst_port}'
            f'{middles[letters]}{encryption}{after}{sent or "null"},"bytes_src_to_dst":{sent_bytes or "null"}'
            f',"packets_dst_to_src":{back or "null"},"bytes_dst_to_src":{back_bytes or "null"}{tail}'
            for (
                (time, src_ip, dst_ip, src_port, dst_port, letters, _, encryption, sent, sent_bytes, back, back_bytes),
                tail,
            ) in zip(rows, tails, strict=True)
        ]


def _with_canonical_addresses(row: Row) -> Row:
    """Return the row with its addresses in canonical text; IPv4 addresses are found in that form only."""
    if not row[0]:
        return row
    source, destination = canonical_address(row[1]), canonical_address(row[2])
    return (row[0], source, destination, *row[3:]) if source and destination else UNUSUAL


_SECONDS = "([1-3][0-9]{9})"
_MILLISECONDS = "([1-3][0-9]{12})"
_OCTET = "(?:1[0-9]{0,2}+|2(?:[0-4][0-9]?+|5[0-5]?+|[6-9])?+|[3-9][0-9]?+|0)"
_IPV4 = rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}"
_ADDRESS = rf"({_IPV4}|[0-9A-Fa-f]{{0,4}}+:[0-9A-Fa-f:.]++)"
_FROM_655 = "5(?:[0-2][0-9]?+|3[0-5]?+|[4-9])?+"
_FROM_65 = f"5(?:[0-4][0-9]{{0,2}}+|{_FROM_655}|[6-9][0-9]?+)?+"
_FROM_6 = f"6(?:[0-4][0-9]{{0,3}}+|{_FROM_65}|[6-9][0-9]{{0,2}}+)?+"
_PORT = f"([1-5][0-9]{{0,4}}+|{_FROM_6}|[7-9][0-9]{{0,3}}+|0)"
_ENDS = f"{_ADDRESS},{_ADDRESS},{_PORT},{_PORT}"
_COUNTER = "([1-9][0-9]{0,17}+|0)"
# Group 7, an empty one, marks tuples that measure something. Without it four zeros, and four empty fields, mean null.
_COUNTERS = f"(?(7){_COUNTER},{_COUNTER},{_COUNTER},{_COUNTER}|(?:,,,|0,0,0,0))"
# Protocols that are written as a number, of those that occur.
_NUMBERED: Final = {"6": 6, "17": 17, "1": 1, "58": 58}


def _lines_of(fields: str) -> re.Pattern[str]:
    """Return the pattern that matches each line once, with empty groups unless the line has these fields."""
    return re.compile(f"^(?:{fields}|.*)$", re.MULTILINE)


def _middle(protocol: int, direction: Direction, decision: Decision, state: State | None) -> str:
    shown = "null" if state is None else f'"{state.value}"'
    return (
        f',"protocol":{protocol},"direction":"{direction.value}","decision":"{decision.value}"'
        f',"state":{shown},"encryption":'
    )


def _decision(state: State) -> Decision:
    return Decision.DENY if state is State.DENY else Decision.ALLOW


def _middles_of_nsg_v1() -> dict[str, str]:
    return {
        f"{p},{d},{a}": _middle(PROTOCOLS[p], DIRECTIONS[d], DECISIONS[a], None)
        for p, d, a in product(PROTOCOLS, DIRECTIONS, DECISIONS)
    }


def _middles_of_nsg_v2() -> dict[str, str]:
    return {
        f"{p},{d},{a},{s}": _middle(PROTOCOLS[p], DIRECTIONS[d], DECISIONS[a], STATES[s])
        for p, d, a, s in product(PROTOCOLS, DIRECTIONS, DECISIONS, STATES)
    }


def _middles_of_vnet_v4() -> dict[str, str]:
    return {
        f"{p},{d},{s}": _middle(_NUMBERED[p], DIRECTIONS[d], _decision(VNET_STATES[s]), VNET_STATES[s]) + '"'
        for p, d, s in product(_NUMBERED, DIRECTIONS, VNET_STATES)
    }


NSG_V1: Final = Format(
    source=Source.NSG,
    version=1,
    position="flows[{}].flows[{}]",
    pattern=_lines_of(f"{_SECONDS},{_ENDS},([TU],[IO],[AD])()()()()()()"),
    zeros="000",
    middles=_middles_of_nsg_v1(),
    after='null,"packets_src_to_dst":',
)
NSG_V2: Final = Format(
    source=Source.NSG,
    version=2,
    position="flows[{}].flows[{}]",
    pattern=_lines_of(f"{_SECONDS},{_ENDS},([TU],[IO],(?:A,(?:[CE]()|B)|D,[BCE])),(){_COUNTERS}"),
    zeros="000",
    middles=_middles_of_nsg_v2(),
    after='null,"packets_src_to_dst":',
)
VNET_V4: Final = Format(
    source=Source.VNET,
    version=4,
    position="flows[{}].flowGroups[{}]",
    pattern=_lines_of(f"{_MILLISECONDS},{_ENDS},((?:6|17?|58),[IO],(?:[CE]()|[BD])),([A-Z_]++),{_COUNTERS}"),
    zeros="",
    middles=_middles_of_vnet_v4(),
    after='","packets_src_to_dst":',
)
