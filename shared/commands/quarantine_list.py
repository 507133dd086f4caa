"""`sluice quarantine list`: what is in quarantine, counted by day, unit and reason."""

import argparse
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from shared.commands.opening import open_for_operator
from shared.commands.output import Exit, print_json, show
from shared.commands.quarantine_objects import blobs, contents, read_object, text
from shared.commands.tables import add_row, new_table, print_table
from shared.flowlog import parse_blob_name
from shared.storage.quarantine import QuarantinedBlob

_REASONS_SHOWN: Final = 10
_KEY_SHOWN: Final = 12
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


@dataclass(frozen=True, slots=True)
class _Held:
    # A blob, how many objects it holds, and the first of them.
    blob: QuarantinedBlob
    objects: int
    first: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Listing:
    # Counts by day, unit and reason; and the blobs.
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    held: list[_Held] = field(default_factory=list)


def run(options: argparse.Namespace) -> int:
    """Count, and print the counts."""
    container = open_for_operator(options).quarantine
    listing = _Listing()
    for blob, lines in contents(container, blobs(container, options.day)):
        objects = [read_object(line) for line in lines]
        listing.counts.update((blob.day, text(each, "unit"), _general(text(each, "reason"))) for each in objects)
        listing.held.append(_Held(blob, len(objects), objects[0] if objects else {}))
    if options.json:
        print_json(_document(listing, with_blobs=options.day is not None))
        return Exit.ATTENTION if listing.counts else Exit.FINE
    if listing.counts:
        _print_counts(listing.counts)
    if listing.counts and options.day is not None:
        _print_blobs(listing.held)
    show(f"Objects: {listing.counts.total():,}. Blobs: {len(listing.held):,}.")
    return Exit.ATTENTION if listing.counts else Exit.FINE


def _general(reason: str) -> str:
    # What is quoted differs from object to object, and would make each a reason of its own.
    return _QUOTED.sub("'...'", reason)


def _print_counts(counts: Counter[tuple[str, str, str]]) -> None:
    table = new_table("Day", "Unit", "Reason", "Objects", numbers=("Objects",))
    shown: Counter[tuple[str, str]] = Counter()
    others: Counter[tuple[str, str]] = Counter()
    for (day, unit, reason), count in _sorted(counts):
        if shown[day, unit] < _REASONS_SHOWN:
            shown[day, unit] += 1
            add_row(table, day, unit, reason, f"{count:,}")
        else:
            others[day, unit] += count
    for (day, unit), count in others.items():
        add_row(table, day, unit, "other reasons (--json has them all)", f"{count:,}")
    print_table(table)


def _print_blobs(held: list[_Held]) -> None:
    table = new_table("Key", "Log", "Objects", "First reason", numbers=("Key", "Objects"))
    for each in held:
        key = each.blob.key[:_KEY_SHOWN]
        add_row(table, key, _short(each.first), f"{each.objects:,}", text(each.first, "reason"))
    print_table(table)


def _short(first: dict[str, Any]) -> str:
    name = text(first, "blob")
    log = parse_blob_name(text(first, "container"), name)
    if log is None:
        return name
    return f"{log.resource.rpartition('/')[2]} {log.mac or '-'} {log.hour:%H:%M}"


def _document(listing: _Listing, *, with_blobs: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "objects": listing.counts.total(),
        "counts": [
            {"day": day, "unit": unit, "reason": reason, "objects": count}
            for (day, unit, reason), count in _sorted(listing.counts)
        ],
    }
    if with_blobs:
        document["blobs"] = [
            {"key": each.blob.key, "log": text(each.first, "blob"), "objects": each.objects} for each in listing.held
        ]
    return document


def _sorted(counts: Counter[tuple[str, str, str]]) -> list[tuple[tuple[str, str, str], int]]:
    return sorted(counts.items(), key=lambda item: (*item[0][:2], -item[1]))
