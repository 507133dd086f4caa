"""The backlog: how far delivery is behind what Azure committed, only from listings: no log is read, and nothing is
written.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from shared.delivery.horizon import Horizon
from shared.delivery.hours import Hours, hours_between
from shared.errors import ContainerMissing
from shared.flowlog import LogBlob, LogKind
from shared.storage.checkpoint import State
from shared.storage.checkpoints import Checkpoints
from shared.storage.entry import Summary
from shared.storage.log_listings import ListedLog, UnknownName
from shared.storage.logs import FlowLogAccount
from shared.storage.pointers import Pointers
from shared.storage.watermarks import Watermarks

LATE = timedelta(minutes=5)
"""Events and their delivery take less time than this."""
_STUCK = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one log blob's delivery.

    Attributes:
        log: The log blob.
        committed: When it was last committed.
        delivered_until: Everything that was committed before this time is delivered; it may be more.
        waiting: Bytes that are committed and not delivered.
        blocked: A sentence if something keeps just this blob from being delivered, else "".
    """

    log: LogBlob
    committed: datetime
    delivered_until: datetime
    waiting: int
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class NicStanding:
    """The state of delivery of one NIC's logs.

    Attributes:
        kind: The kind of its logs.
        resource: The resource that they are kept under, as in the blobs' names.
        mac: The NIC's MAC address; None for logs whose names have none.
        committed, delivered_until: As for a blob.
        blobs: How many blobs were looked at.
        blobs_waiting: How many of them are not completely delivered.
        waiting: Bytes in them.
    """

    kind: LogKind
    resource: str
    mac: str | None
    committed: datetime
    delivered_until: datetime
    blobs: int
    blobs_waiting: int
    waiting: int

    def lag(self, now: datetime) -> timedelta:
        """Return the longest time that anything can have been waiting; zero if nothing waits."""
        return max(now - self.delivered_until, timedelta(0)) if self.waiting else timedelta(0)


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of delivery of one kind of log.

    Attributes:
        watermark: The hour before which everything was found delivered; None before the first sweep.
        standings: One for every log blob that was looked at.
        unknown_names: Blobs that are named like flow logs, but not in a known form.
        lost_container: A sentence if the log container existed once and no longer does, else "".
    """

    watermark: datetime | None
    standings: list[Standing]
    unknown_names: list[str]
    lost_container: str = ""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Reads one flow-log account and what is stored about it; writes nothing, not even the first watermark."""

    logs: FlowLogAccount
    checkpoints: Checkpoints
    pointers: Pointers
    watermarks: Watermarks
    horizon: Horizon

    def look(self, kind: LogKind, now: datetime) -> Overview:
        """Return the state of every blob from the watermark on, and of older ones that are not completely delivered.

        Raises:
            StorageAway: An account can't be reached now.
            Unreadable: The watermark is of a newer format, or damaged.
        """
        watermark = self.watermarks.load(kind)
        passed = None if watermark is None else watermark[0].hour
        try:
            standings, names = self._look(kind, now)
        except ContainerMissing as missing:
            return Overview(passed, [], [], "" if watermark is None else watermark[0].lost(missing))
        return Overview(passed, standings, names)

    def _look(self, kind: LogKind, now: datetime) -> tuple[list[Standing], list[str]]:
        first = self.horizon.first_hour(kind)
        hours = [*self._hours_begun_before(kind, first), *hours_between(first, now)]
        known = {each.blob: each for hour in hours for each in self.checkpoints.listed(kind, hour.start, hour.end)}
        items, names = list[ListedLog](), set[str]()
        for found in self._found(kind, hours, first, now):
            if isinstance(found, UnknownName):
                names.add(found.name)
            elif found.log.hour >= first or _is_open(known.get(found.log.name)):
                items.append(found)
        moved = max((summary.moved for summary in known.values() if summary.offset), default=None)
        return [standing(item, known.get(item.log.name), moved) for item in items], sorted(names)

    def _unknown(self, kind: LogKind) -> Iterator[UnknownName]:
        # In the container's beginning, which is all of a small one: hours that the watermark has passed are not listed.
        return (each for each in self.logs.beginning(kind) if isinstance(each, UnknownName))

    def _hours_begun_before(self, kind: LogKind, first: datetime) -> list[Hours]:
        hours = {pointer.log.hour for pointer in self.pointers.before(kind, first)}
        return [Hours(hour, hour + timedelta(hours=1)) for hour in sorted(hours)]

    def _found(
        self, kind: LogKind, hours: Sequence[Hours], first: datetime, now: datetime
    ) -> Iterator[ListedLog | UnknownName]:
        yield from self._unknown(kind)
        resources = list[str]()
        for root in self.logs.roots(kind):
            if isinstance(root, UnknownName):
                yield root
            else:
                resources.append(root)
        for resource in resources:
            yield from self.logs.misplaced(kind, resource, first.date(), now.date())
            for hour in hours:
                yield from self.logs.entries(kind, hour.prefix(resource))


def standing(item: ListedLog, summary: Summary | None, moved: datetime | None) -> Standing:
    """Compare a log blob with its checkpoint.

    Args:
        item: The log blob, listed after its checkpoint.
        summary: Its checkpoint, None if there is none.
        moved: When anything of any blob was last delivered; what stood still long before is blocked, while in an outage
            everything stands still.
    """
    if item.size == 0 or (summary is not None and summary.commit == item.etag):
        return Standing(item.log, item.modified, item.modified, 0)
    begun = summary is not None and summary.offset > 0
    reached = summary.moved if summary is not None and begun else item.log.hour
    delivered = summary.offset if summary is not None and summary.offset < item.size else 0
    blocked = item.problem
    if not blocked and moved is not None and moved - max(reached, item.modified) > _STUCK:
        since = f"since {reached:%Y-%m-%d %H:%M}" if begun else "yet"
        blocked = f"Nothing of it was delivered {since}, while others were. Look at the function app's log."
    return Standing(item.log, item.modified, min(item.modified, reached), item.size - delivered, blocked)


def by_nic(standings: Iterable[Standing]) -> list[NicStanding]:
    """Combine the blobs of each NIC, in the order of resources and NICs."""

    def key(each: Standing) -> tuple[str, str, str]:
        return each.log.kind.container, each.log.resource, each.log.mac or ""

    return [_nic(list(group)) for _, group in groupby(sorted(standings, key=key), key)]


def _nic(standings: list[Standing]) -> NicStanding:
    log = standings[0].log
    waiting = [each for each in standings if each.waiting]
    return NicStanding(
        kind=log.kind,
        resource=log.resource,
        mac=log.mac,
        committed=max(each.committed for each in standings),
        delivered_until=min(
            (each.delivered_until for each in waiting), default=max(each.committed for each in standings)
        ),
        blobs=len(standings),
        blobs_waiting=len(waiting),
        waiting=sum(each.waiting for each in waiting),
    )


def _is_open(summary: Summary | None) -> bool:
    return summary is not None and summary.state is State.OPEN
