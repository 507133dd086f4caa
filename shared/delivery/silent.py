"""NICs that fell silent, by what a sweep's own listings show.

A sweep lists all hours from the watermark to now, and passes an hour two hours after its end. A NIC that has a log in
what was passed, and none in any later hour, was silent for that long. It is told once: the next sweep begins later.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from shared.delivery.candidates import Nic
from shared.delivery.report import Outcome, Report, Tally
from shared.flowlog import LogKind

_NAMED = 10
_DAY = timedelta(days=1)


def silent_nics(kind: LogKind, newest: Mapping[Nic, datetime], passed: datetime) -> Iterator[Report]:
    """Yield one report of all NICs whose newest log is of an hour that was passed, and not a day old; or none.

    Args:
        kind: The kind of log.
        newest: The newest of the listed hours in which each NIC has a log.
        passed: Where the watermark is now: no sweep lists an earlier hour again.
    """
    silent = sorted(nic for nic, hour in newest.items() if passed - _DAY <= hour < passed)
    if not silent:
        return
    named = ", ".join(f"{mac or 'one'} of {resource.rpartition('/')[2]}" for resource, mac in silent[:_NAMED])
    more = f", and {len(silent) - _NAMED} more" if len(silent) > _NAMED else ""
    nics = "1 NIC has" if len(silent) == 1 else f"{len(silent)} NICs have"
    yield Report(
        kind.container,
        Outcome.NIC_SILENT,
        Tally(),
        0,
        f"{nics} logged nothing since {passed:%Y-%m-%d %H:%M} UTC: {named}{more}. Their machines may be off; if not, "
        "check their flow logs in Network Watcher.",
    )
