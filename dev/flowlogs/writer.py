"""Writes the logs of several NICs into a storage account, and says what must become of what it wrote."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from azure.storage.blob import BlobServiceClient

from dev.flowlogs.blob import Commit, LogBlob
from dev.flowlogs.formats import FlowRecord
from dev.flowlogs.minutes import Minute, MinuteMaker
from dev.flowlogs.nics import Nic


@dataclass(frozen=True, slots=True)
class Appended:
    """What one commit added: the flow records that must be stored, and the malformed tuples, as written.

    Both may hold equal ones.
    """

    commit: Commit
    flow_records: Counter[FlowRecord]
    set_aside: Counter[str]


class FlowLogWriter:
    """Azure's part: one commit per minute and NIC. Not for more than one thread."""

    def __init__(self, service: BlobServiceClient, seed: int, bad_share: float = 0.0) -> None:
        """Break a share (0 to 1) of the tuples."""
        self._service = service
        self._seed = seed
        self._bad_share = bad_share
        self._makers: dict[Nic, MinuteMaker] = {}
        self._blobs: dict[str, LogBlob] = {}

    def write_minute(self, nic: Nic, start: dt.datetime) -> Appended | None:
        """Commit the log records whose time is in the minute from `start` (aware); None if there are none.

        Starts must go up by a minute each. The hour is that of the log records' time, so the first of an hour still
        hold flows of the hour before.
        """
        if nic not in self._makers:
            self._makers[nic] = MinuteMaker(nic, self._seed, self._bad_share)
        return self.write(nic, self._makers[nic].minute(start))

    def write(self, nic: Nic, minute: Minute) -> Appended | None:
        """Commit log records; None if there are none."""
        if not minute.log_records:
            return None
        name = nic.blob_name(minute.time)
        if name not in self._blobs:
            self._blobs[name] = LogBlob(self._service, nic.container, name)
        return Appended(self._blobs[name].append(*_blocks(minute)), minute.flow_records, minute.set_aside)


def _blocks(minute: Minute) -> list[tuple[bytes, ...]]:
    """Return one block for all log records, or two if there are many: both are seen."""
    middle = len(minute.log_records) // 2
    if middle > 1:
        return [minute.log_records[:middle], minute.log_records[middle:]]
    return [minute.log_records]
