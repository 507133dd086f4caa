"""`sluice status`: lag and backlog of each network card."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.commands.opening import add_settings_option, open_parts
from shared.commands.output import Exit, print_json, show
from shared.commands.tables import add_row, duration, moment, new_table, print_table, size
from shared.delivery.backlog import LATE, Backlog, CardStanding, Standing, by_card
from shared.flowlog import LogKind

_DESCRIPTION: Final = f"""\
Compares what Azure committed with what the gateway accepted, for each network card, from listings of storage alone:
no log is read and nothing is written. It looks at every hour from the watermark on (all before it is known to be
delivered) and at older logs that were begun and not finished. Times are UTC.

A card's lag is how long the oldest of what waits has been waiting, at most. It is behind if that is more than
{LATE.seconds // 60} minutes. Blobs that something keeps from being delivered while others are delivered are named.
"""
_EPILOG: Final = """\
exit codes:
  0  nothing is behind
  1  a card is behind, or a blob is blocked
  2  it can't be said: settings, storage

example:
  sluice status --json | jq '.cards[] | select(.lag_seconds > 600)'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_settings_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print how delivery stands."""
    parts = open_parts(options)
    now = parts.clock.now()
    backlog = Backlog(parts.logs, parts.checkpoints, parts.watermarks, parts.horizon)
    watermarks = {kind: backlog.watermark(kind) for kind in LogKind}
    standings = [standing for kind in LogKind for standing in backlog.standings(kind, now)]
    cards = sorted(by_card(standings), key=lambda card: card.lag(now), reverse=True)
    blocked = [standing for standing in standings if standing.blocked]
    if options.json:
        print_json(_document(now, watermarks, cards, blocked))
    else:
        _print(now, watermarks, cards, blocked)
    return Exit.ATTENTION if blocked or any(card.lag(now) > LATE for card in cards) else Exit.FINE


def _print(
    now: datetime,
    watermarks: Mapping[LogKind, datetime | None],
    cards: Sequence[CardStanding],
    blocked: Sequence[Standing],
) -> None:
    numbers = ("Waiting", "Lag")
    table = new_table("Logs", "Resource", "Network card", "Last commit", "Delivered up to", *numbers, numbers=numbers)
    for card in cards:
        late = card.lag(now) > LATE
        add_row(
            table,
            card.kind.name,
            card.resource.rpartition("/")[2],
            card.mac or "-",
            moment(card.committed),
            moment(card.delivered_until),
            size(card.waiting),
            duration(card.lag(now)),
            style="bold red" if late else None,
        )
    if cards:
        print_table(table)
    for standing in blocked:
        show(f"Blocked: {standing.log.name} ({size(standing.waiting)}). {standing.blocked}")
    for kind, watermark in watermarks.items():
        known = "no sweep has run yet" if watermark is None else f"all before {watermark:%Y-%m-%d %H:00} is delivered"
        show(f"{kind.name}: {known}.")
    totals = _totals(now, cards)
    show(
        "Network cards: {cards}, behind: {cards_behind}. Blobs: {blobs}, waiting: {blobs_waiting}, with ".format(
            **totals
        )
        + f"{size(totals['bytes_waiting'])}. Longest lag: {duration(timedelta(seconds=totals['lag_seconds']))}."
    )


def _totals(now: datetime, cards: Sequence[CardStanding]) -> dict[str, int]:
    lags = [card.lag(now) for card in cards]
    return {
        "cards": len(cards),
        "cards_behind": sum(lag > LATE for lag in lags),
        "blobs": sum(card.blobs for card in cards),
        "blobs_waiting": sum(card.blobs_waiting for card in cards),
        "bytes_waiting": sum(card.waiting for card in cards),
        "lag_seconds": int(max(lags, default=timedelta(0)).total_seconds()),
    }


def _document(
    now: datetime,
    watermarks: Mapping[LogKind, datetime | None],
    cards: Sequence[CardStanding],
    blocked: Sequence[Standing],
) -> dict[str, object]:
    return {
        "time": now,
        "watermarks": {kind.name.lower(): watermark for kind, watermark in watermarks.items()},
        "cards": [
            {
                "logs": card.kind.name.lower(),
                "resource": card.resource,
                "mac": card.mac,
                "last_commit": card.committed,
                "delivered_until": card.delivered_until,
                "blobs": card.blobs,
                "blobs_waiting": card.blobs_waiting,
                "bytes_waiting": card.waiting,
                "lag_seconds": int(card.lag(now).total_seconds()),
                "behind": card.lag(now) > LATE,
            }
            for card in cards
        ],
        "blocked": [
            {
                "container": standing.log.kind.container,
                "blob": standing.log.name,
                "bytes_waiting": standing.waiting,
                "reason": standing.blocked,
            }
            for standing in blocked
        ],
        "totals": _totals(now, cards),
    }
