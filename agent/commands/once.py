"""`sluice-agent once --print`: this machine's flows, printed on the terminal."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Final

from agent.clock import SystemClock
from agent.collecting import READ_EVERY_SECONDS, Found, Watch
from agent.commands.options import FINE, seconds
from agent.flows.grouping import Gathering
from agent.flows.leaving_out import LeftOut
from agent.flows.record import Record, to_lines
from agent.flows.table import Protocol
from agent.identity import host_name, own_addresses
from agent.sockets.table import counts_bytes, ephemeral_ports, read_snapshot

_DESCRIPTION: Final = """\
Reads this machine's connections twice, and prints the flows in between: who talked to whom, who opened the connection,
and how much was sent. No server is needed, nothing is sent, and nothing is kept.

It needs no privileges. Root, or the capabilities CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH together, add the names of
other users' processes; command lines are never read.
"""
_EPILOG: Final = """\
example:
  sluice-agent once --print --seconds 30 --json
"""
_HEADINGS: Final = ("direction", "process", "from", "to", "proto", "new", "ended", "failed", "live", "sent", "received")
_NUMBERS_FROM: Final = 5
_UNKNOWN: Final = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("--print", action="store_true", required=True, help="print the flows; nothing is sent")
    parser.add_argument("--json", action="store_true", help="print one JSON object per flow")
    parser.add_argument(
        "--seconds", type=seconds, default=10, metavar="N", help="time between the two readings (%(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    """Read the table, wait, read it again, and print.

    Raises:
        TableUnreadable: The table can't be read.
    """
    clock = SystemClock()
    watch = Watch(read_snapshot, ephemeral_ports(), frozenset, own_addresses)
    watch.read(clock.now_ms())
    left = options.seconds
    while left:
        pause = min(left, READ_EVERY_SECONDS)
        time.sleep(pause)
        left -= pause
        watch.read(clock.now_ms())
    found = watch.take() or Found(Gathering(), LeftOut(), 0)
    records = list(found.flows.records(host_name()))
    sys.stdout.write(to_lines(records).decode() if options.json else as_table(records))
    sys.stdout.flush()
    for sentence in remarks(records, found, counted=counts_bytes()):
        sys.stderr.write(f"{sentence}\n")
    return FINE


def as_table(records: Sequence[Record]) -> str:
    """Return flows as a table for people."""
    if not records:
        return "No flows.\n"
    rows = [_HEADINGS, *map(_row, records)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "".join(f"{_line(row, widths)}\n" for row in rows)


def remarks(records: Sequence[Record], found: Found, *, counted: bool) -> list[str]:
    """Return sentences about what the flows do not show."""
    loopback, own, nameless = len(found.left_out.loopback), len(found.left_out.own), _nameless(records)
    sentences = []
    if loopback or own:
        sentences.append(f"Left out: {loopback} connections within this machine, {own} to the edge.")
    if found.damaged:
        sentences.append(f"{found.damaged} lines of the connection table could not be parsed.")
    if nameless:
        sentences.append(
            f"{nameless} of {len(records)} flows have no process name: root, or CAP_SYS_PTRACE and "
            "CAP_DAC_READ_SEARCH together, add those of other users' processes. Connections that had ended when "
            "they were first seen have none."
        )
    if records and not counted:
        sentences.append("There are no byte counts; they come from ss (iproute2), on Linux.")
    return sentences


def _nameless(records: Sequence[Record]) -> int:
    return sum(record["process"] is None for record in records)


def _row(record: Record) -> tuple[str, ...]:
    protocol = record["protocol"]
    return (
        str(record["direction"] or "unknown"),
        str(record["process"] or _UNKNOWN),
        _place(record["src_ip"], record["src_port"]),
        _place(record["dst_ip"], record["dst_port"]),
        Protocol(int(protocol)).name.lower() if protocol is not None else _UNKNOWN,
        *(str(record[f"links_{name}"]) for name in ("established", "terminated", "failed", "live")),
        *(_amount(record[f"bytes_{way}"]) for way in ("src_to_dst", "dst_to_src")),
    )


def _place(address: object, port: object) -> str:
    if port is None:
        return str(address)
    return f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"


def _amount(count: object) -> str:
    return _UNKNOWN if count is None else f"{count:,}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if number >= _NUMBERS_FROM else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(row, widths))
    ]
    return "  ".join(cells).rstrip()
