"""`sluice status`: the lag and backlog of each NIC."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from shared.commands.opening import add_settings_option, open_for_operator
from shared.commands.output import Exit, print_json, show
from shared.commands.tables import add_row, duration, moment, new_table, print_table, size
from shared.delivery.backlog import LATE, Backlog, NicStanding, Overview, Standing, by_nic
from shared.delivery.unread import UNKNOWN_NAME
from shared.flowlog import LogKind

_DESCRIPTION: Final = f"""\
Compare what Azure committed with what the gateway accepted, for each NIC, from listings of storage alone: no log is
read and nothing is written. It looks at every hour from the watermark on (everything before it is known to be
delivered), and at older logs that are not completely delivered. Times are in UTC.

A NIC's lag is the longest time that any of its data can have been waiting. The NIC is behind if that is more than
{LATE.seconds // 60} minutes. It also lists blobs that are stuck while others are delivered, and blobs that are not read
because their names resemble a flow log's but do not have a known form.
"""
_NAMES_SHOWN: Final = 20
_EPILOG: Final = """\
exit codes:
  0  nothing is behind
  1  a NIC is behind, or a blob is blocked or not read
  2  the status could not be read: settings, storage

example:
  sluice status --json | jq '.cards[] | select(.lag_seconds > 600)'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_settings_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print the status of delivery."""
    services = open_for_operator(options)
    now = services.clock.now()
    backlog = Backlog(services.logs, services.checkpoints, services.pointers, services.watermarks, services.horizon)
    found = _Found({kind: backlog.look(kind, now) for kind in LogKind}, now)
    if options.json:
        print_json(_document(found))
    else:
        _print(found)
    return Exit.ATTENTION if found.needs_attention else Exit.FINE


@dataclass(frozen=True)
class _Found:
    # How each kind of log stands at a time.
    overviews: Mapping[LogKind, Overview]
    now: datetime

    @cached_property
    def nics(self) -> list[NicStanding]:
        standings = [standing for overview in self.overviews.values() for standing in overview.standings]
        return sorted(by_nic(standings), key=lambda nic: nic.lag(self.now), reverse=True)

    @property
    def blocked(self) -> list[Standing]:
        return [each for overview in self.overviews.values() for each in overview.standings if each.blocked]

    @property
    def unknown_names(self) -> list[tuple[str, str]]:
        """Container and name of each."""
        return [(kind.container, name) for kind, each in self.overviews.items() for name in each.unknown_names]

    @property
    def needs_attention(self) -> bool:
        lost = any(overview.lost_container for overview in self.overviews.values())
        late = any(nic.lag(self.now) > LATE for nic in self.nics)
        return bool(lost or late or self.blocked or self.unknown_names)


def _print(found: _Found) -> None:
    now, nics = found.now, found.nics
    numbers = ("Waiting", "Lag")
    table = new_table("Logs", "Resource", "NIC", "Last commit", "Delivered up to", *numbers, numbers=numbers)
    for nic in nics:
        late = nic.lag(now) > LATE
        add_row(
            table,
            nic.kind.name,
            nic.resource.rpartition("/")[2],
            nic.mac or "-",
            moment(nic.committed),
            moment(nic.delivered_until),
            size(nic.waiting),
            duration(nic.lag(now)),
            style="bold red" if late else None,
        )
    if nics:
        print_table(table)
    for standing in found.blocked:
        show(f"Blocked: {standing.log.name} ({size(standing.waiting)}). {standing.blocked}")
    for container, name in found.unknown_names[:_NAMES_SHOWN]:
        show(f"Not read: {container}/{name}")
    if found.unknown_names:
        more = len(found.unknown_names) - _NAMES_SHOWN
        show((f"Not read: {more} more; --json lists them. " if more > 0 else "") + UNKNOWN_NAME)
    for kind, overview in found.overviews.items():
        if overview.lost_container:
            show(f"{kind.name}: {overview.lost_container}")
            continue
        watermark = overview.watermark
        known = (
            "no sweep has run yet"
            if watermark is None
            else f"everything before {watermark:%Y-%m-%d %H:00} is delivered"
        )
        show(f"{kind.name}: {known}.")
    totals = _totals(now, nics)
    show(
        "NICs: {cards}, behind: {cards_behind}. Blobs: {blobs}, waiting: {blobs_waiting}, with ".format(**totals)
        + f"{size(totals['bytes_waiting'])}. Longest lag: {duration(timedelta(seconds=totals['lag_seconds']))}."
    )


def _totals(now: datetime, nics: Sequence[NicStanding]) -> dict[str, int]:
    lags = [nic.lag(now) for nic in nics]
    return {
        "cards": len(nics),
        "cards_behind": sum(lag > LATE for lag in lags),
        "blobs": sum(nic.blobs for nic in nics),
        "blobs_waiting": sum(nic.blobs_waiting for nic in nics),
        "bytes_waiting": sum(nic.waiting for nic in nics),
        "lag_seconds": int(max(lags, default=timedelta(0)).total_seconds()),
    }


def _document(found: _Found) -> dict[str, object]:
    now, nics = found.now, found.nics
    lost = {kind: overview.lost_container for kind, overview in found.overviews.items() if overview.lost_container}
    return {
        "time": now,
        "watermarks": {kind.name.lower(): overview.watermark for kind, overview in found.overviews.items()},
        "cards": [
            {
                "logs": nic.kind.name.lower(),
                "resource": nic.resource,
                "mac": nic.mac,
                "last_commit": nic.committed,
                "delivered_until": nic.delivered_until,
                "blobs": nic.blobs,
                "blobs_waiting": nic.blobs_waiting,
                "bytes_waiting": nic.waiting,
                "lag_seconds": int(nic.lag(now).total_seconds()),
                "behind": nic.lag(now) > LATE,
            }
            for nic in nics
        ],
        "blocked": [
            {
                "container": standing.log.kind.container,
                "blob": standing.log.name,
                "bytes_waiting": standing.waiting,
                "reason": standing.blocked,
            }
            for standing in found.blocked
        ],
        "not_read": [{"container": container, "blob": name} for container, name in found.unknown_names],
        "lost_containers": [{"container": kind.container, "reason": reason} for kind, reason in lost.items()],
        "totals": _totals(now, nics),
    }
