"""Names of flow-log blobs: one blob for each log, NIC and hour.

The three shapes of VNet names and both of NSG names differ only before `/y=`. That part joins a subscription, a
resource group and names with `_`, which each of them may contain, so it is never split: ids are taken from the
records (flow-logs-read, vnet-flow-logs-tutorial, nsg-flow-logs-overview).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Final

from shared.flowlog.tuples import MalformedTupleError, read_mac


class LogKind(Enum):
    """A kind of flow log; the value is the first key of its blobs' names as Azure writes them.

    Copying tools and guides put other keys there, so only the container tells the kind.
    """

    NSG = "resourceId"
    VNET = "flowLogResourceID"

    @property
    def container(self) -> str:
        """The container that Network Watcher writes this kind of log to."""
        return _CONTAINERS[self]


_CONTAINERS: Final = {
    LogKind.NSG: "insights-logs-networksecuritygroupflowevent",
    LogKind.VNET: "insights-logs-flowlogflowevent",
}


@dataclass(frozen=True, slots=True)
class LogBlob:
    """What the name of a flow-log blob tells.

    Attributes:
        kind: By the container.
        name: The blob's whole name.
        resource: The part of the name before `/y=`, as written; with an hour it makes a listing prefix.
        hour: The hour that the log covers, UTC.
        mac: The NIC's MAC address, 12 upper-case hexadecimal digits; None in names without one (before 2018).
    """

    kind: LogKind
    name: str
    resource: str
    hour: datetime
    mac: str | None


# Month and minute are both `m=`, so the segments are distinguished by position.
_NAME: Final = re.compile(
    r"(?P<resource>[^/=]+=.+)"
    r"/y=(?P<year>20[0-9]{2})/m=(?P<month>[0-9]{2})/d=(?P<day>[0-9]{2})/h=(?P<hour>[0-9]{2})/m=[0-9]{2}"
    r"(?:/macAddress=(?P<mac>[^/]+))?/PT1H\.json",
    re.IGNORECASE,
)


_NAMED_LIKE_A_LOG: Final = re.compile(r"(?:.*/)?PT1H\.json[^/]*", re.IGNORECASE | re.DOTALL)


def is_named_like_a_log(name: str) -> bool:
    """Return whether the last part of a blob's name begins as those of flow logs do, whatever is around it.

    One that `parse_blob_name` does not know is not read by anything, so people have to be told of it.
    """
    return _NAMED_LIKE_A_LOG.fullmatch(name) is not None


def parse_blob_name(container: str, name: str) -> LogBlob | None:
    """Return what the name of a blob tells; None if it is not the name of a known flow log."""
    kind = next((kind for kind in LogKind if kind.container == container), None)
    match = _NAME.fullmatch(name)
    if kind is None or match is None:
        return None
    try:
        hour = datetime(int(match["year"]), int(match["month"]), int(match["day"]), int(match["hour"]), tzinfo=UTC)
    except ValueError:
        return None
    return LogBlob(kind, name, match["resource"], hour, _mac(match["mac"]))


def _mac(text: str | None) -> str | None:
    """Return the address in one form; a segment that is not one does not keep the log from being read."""
    try:
        return read_mac(text)
    except MalformedTupleError:
        return None


def hour_prefix(resource: str, hour: datetime) -> str:
    """Return the listing prefix of all blobs of one resource (as in `LogBlob.resource`) and one hour (aware)."""
    return f"{day_prefix(resource, hour.astimezone(UTC).date())}h={hour.astimezone(UTC):%H}/"


def day_prefix(resource: str, day: date) -> str:
    """Return the listing prefix of all blobs of one resource (as in `LogBlob.resource`) and one UTC day."""
    return f"{resource}/y={day:%Y}/m={day:%m}/d={day:%d}/"
