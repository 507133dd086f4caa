"""Under which keys the table holds what belongs to one flow-log account.

The hour comes first, so that the entities of some hours are one range of partitions, in order; then a digit of the log
blob's hash: one partition takes about 2,000 operations a second ("Scalability targets for Table storage"), and commits
come in bursts. Blob names themselves are not valid keys, which may have no slashes.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from shared.flowlog import LogBlob, LogKind


@dataclass(frozen=True, slots=True)
class Key:
    """An entity's two keys."""

    partition: str
    row: str


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The partitions with keys from `start` up to `end`."""

    start: str
    end: str

    @property
    def filter(self) -> str:
        """The condition of a query for their entities."""
        return f"PartitionKey ge '{self.start}' and PartitionKey lt '{self.end}'"

    def __contains__(self, partition: str) -> bool:
        return self.start <= partition < self.end


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one kind of entity, of one flow-log account.

    Attributes:
        name: What the partition keys begin with; it has no dash.
        account: The flow-log account's name.
    """

    name: str
    account: str

    def of(self, log: LogBlob) -> Key:
        """Return the keys of a log blob's entity."""
        digest = hashlib.sha256(log.name.encode()).hexdigest()
        return Key(f"{self._prefix(log.kind)}{_hour(log.hour)}-{digest[0]}", digest)

    def between(self, kind: LogKind, start: datetime, end: datetime) -> KeyRange:
        """Return the range of the hours from `start` up to `end`."""
        prefix = self._prefix(kind)
        return KeyRange(f"{prefix}{_hour(start)}-", f"{prefix}{_hour(end)}-")

    def before(self, kind: LogKind, end: datetime) -> KeyRange:
        """Return the range of all hours before this one."""
        prefix = self._prefix(kind)
        return KeyRange(prefix, f"{prefix}{_hour(end)}-")

    def _prefix(self, kind: LogKind) -> str:
        return f"{self.name}-{self.account}-{kind.name.lower()}-"


def _hour(hour: datetime) -> str:
    return f"{hour:%Y%m%d%H}"
