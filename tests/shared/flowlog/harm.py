"""Logs in which one thing is harmed, with a plain oracle: what the intact records give, each read alone."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from shared.flowlog.decode import decode_plainly
from tests.shared.flowlog.made import TUPLES, record

type Harm = Callable[[random.Random, bytes], bytes]

MARKS = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\"]
JUNK = [
    *MARKS,
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"x",
    b" ",
    b"\n",
    b"9",
    b";",
    b"]}",
    b'{"records":[',
    b"}}",
    b'""',
    b"\\\\",
]
NAMES = [
    "UserRule_a",
    'a "quoted" rule',
    "{",
    "}{",
    "}}]}",
    "[[",
    "back\\slash\\",
    "\\",
    '\\"',
    "\u00e9\u2603",
    "a,b:c",
    "tab\t",
]


@dataclass(frozen=True)
class Log:
    """A log as it was written.

    Attributes:
        parts: The records and what stands before, between and behind them, which have even places.
        lines: What each record gives, read alone.
    """

    parts: list[bytes]
    lines: list[list[str]]


def made_log(source: random.Random, names: list[str] = NAMES) -> Log:
    """Make a log of a few records of any form, names and layout; no two of its tuples are equal."""
    values = [_made_record(source, number, names) for number in range(source.randint(3, 8))]
    layout = source.choice([0, 0, 0, orjson.OPT_INDENT_2])
    texts = [orjson.dumps(value, option=layout) for value in values]
    comma = source.choice([b",", b",", b",\n", b" , "])
    before, behind = source.choice([(b'{"records":[', b"]}"), (b'{"records":[', b"]}"), (b"", b""), (b",", b"")])
    parts = [before]
    for text in texts:
        parts += [text, comma]
    parts[-1] = behind
    return Log(parts, [decode_plainly(text).lines for text in texts])


def _made_record(source: random.Random, number: int, names: list[str]) -> dict[str, Any]:
    kind = source.choice(list(TUPLES))
    groups = [
        [TUPLES[kind].replace("49982", str(10_000 + 1000 * number + 100 * group + index)) for index in range(count)]
        for group, count in enumerate(source.choices([0, 1, 2, 5], k=source.randint(1, 3)))
    ]
    value = record(kind, *groups)
    value["targetResourceID" if kind == "vnet" else "resourceId"] = f"/{number}{number}{number}/" + source.choice(names)
    for flow in value["flowRecords" if kind == "vnet" else "properties"]["flows"]:
        for named in flow["flowGroups"] if kind == "vnet" else [flow]:
            named["rule"] = source.choice(names)
    match source.randrange(6):
        case 0:
            return dict(reversed(value.items()))
        case 1:
            return {"more": {"a": {}, "time": 1}, **value}
        case 2:
            return value | {"more": {"time": {"category": "x"}}}
        case _:
            return value


def flipped(source: random.Random, text: bytes) -> bytes:
    at = source.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << source.randrange(8))]) + text[at + 1 :]


def byte_lost(source: random.Random, text: bytes) -> bytes:
    at = source.randrange(len(text))
    return text[:at] + text[at + source.choice([1, 1, 1, 2, 3]) :]


def stretch_lost(source: random.Random, text: bytes) -> bytes:
    at = source.randrange(len(text))
    return text[:at] + text[at + source.randrange(1, 200) :]


def mark_lost(source: random.Random, text: bytes) -> bytes:
    at = source.choice([place for place in range(len(text)) if text[place : place + 1] in MARKS])
    return text[:at] + text[at + 1 :]


def mark_doubled(source: random.Random, text: bytes) -> bytes:
    at = source.choice([place for place in range(len(text)) if text[place : place + 1] in MARKS])
    return text[:at] + text[at : at + 1] + text[at:]


def mark_changed(source: random.Random, text: bytes) -> bytes:
    at = source.choice([place for place in range(len(text)) if text[place : place + 1] in MARKS])
    return text[:at] + source.choice(JUNK) + text[at + 1 :]


def junk_put_in(source: random.Random, text: bytes) -> bytes:
    at = source.randrange(len(text) + 1)
    return text[:at] + source.choice(JUNK) + text[at:]


def noise_put_in(source: random.Random, text: bytes) -> bytes:
    at = source.randrange(len(text) + 1)
    return text[:at] + source.randbytes(source.randrange(1, 20)) + text[at:]


def end_torn_off(source: random.Random, text: bytes) -> bytes:
    return text[: source.randrange(len(text))]


def end_torn_off_behind_an_object(source: random.Random, text: bytes) -> bytes:
    return text[: source.choice([0, *(place for place in range(1, len(text)) if text[place - 1 : place] in b"}]{[,")])]


def beginning_torn_off(source: random.Random, text: bytes) -> bytes:
    return text[source.randrange(1, len(text) + 1) :]


def lost(_source: random.Random, _text: bytes) -> bytes:
    return b""


def doubled(_source: random.Random, text: bytes) -> bytes:
    return text * 2


def replaced_by_junk(source: random.Random, _text: bytes) -> bytes:
    return b"".join(source.choices(JUNK, k=source.choice([1, 1, 2, 3])))


def replaced_by_noise(source: random.Random, _text: bytes) -> bytes:
    return source.randbytes(source.randrange(1, 30))


OF_A_RECORD: list[Harm] = [
    *(flipped, byte_lost, stretch_lost, mark_lost, mark_doubled, mark_changed, junk_put_in, noise_put_in),
    *(end_torn_off, end_torn_off_behind_an_object, beginning_torn_off),
]
OF_A_SEPARATOR: list[Harm] = [lost, doubled, replaced_by_junk, replaced_by_noise, junk_put_in, noise_put_in]
OF_THE_ENVELOPE: list[Harm] = [
    *(flipped, byte_lost, mark_lost, mark_doubled, mark_changed, junk_put_in, lost, replaced_by_noise)
]


@dataclass(frozen=True)
class Harmed:
    """A log after its harm.

    Attributes:
        data: Its bytes.
        others: The lines of the records that are intact; each must come out once.
    """

    data: bytes
    others: list[str]

    def cost(self, lines: list[str]) -> int:
        """Count the intact tuples that are missing among lines that came out.

        Raises:
            AssertionError: A line of an intact record came out twice, or was never written.
        """
        out, due = Counter(lines), Counter(self.others)
        intact = {_resource(line) for line in due}
        wrong = [line for line in out if out[line] > due[line] and _resource(line) in intact]
        assert not wrong, (self.data, wrong)
        return (due - out).total()


def _resource(line: str) -> str:
    return str(orjson.loads(line)["resource_id"])


def harmed_record(source: random.Random, harm: Harm, neighbours: int = 1) -> Harmed:
    """Make a log and harm one of its records, or some neighbours."""
    log = made_log(source)
    first = source.randrange(len(log.lines) - neighbours + 1)
    return _harmed(source, harm, log, {2 * number + 1 for number in range(first, first + neighbours)})


def harmed_separator(source: random.Random, harm: Harm) -> Harmed:
    """Make a log and harm what stands between two of its records."""
    log = made_log(source)
    return _harmed(source, harm, log, {2 * source.randrange(1, len(log.lines))})


def harmed_envelope(source: random.Random, harm: Harm) -> Harmed:
    """Make a log and harm its envelope's opening or closer, if it has one."""
    log = made_log(source)
    return _harmed(source, harm, log, {source.choice([0, len(log.parts) - 1])})


def _harmed(source: random.Random, harm: Harm, log: Log, places: set[int]) -> Harmed:
    parts = [harm(source, part) if place in places and part else part for place, part in enumerate(log.parts)]
    others = [line for number, lines in enumerate(log.lines) if 2 * number + 1 not in places for line in lines]
    return Harmed(b"".join(parts), others)
