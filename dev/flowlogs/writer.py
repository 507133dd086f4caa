"""Writes the logs of several cards into a storage account, and keeps account of what was written."""

import datetime as dt
from collections import Counter

from azure.storage.blob import BlobServiceClient

from dev.flowlogs.blob import Commit, LogBlob
from dev.flowlogs.cards import Card
from dev.flowlogs.formats import FlowRecord
from dev.flowlogs.minutes import Minute, MinuteMaker


class FlowLogWriter:
    """Azure's part: one commit a minute and card. Not for more than one thread.

    `flow_records` is what must be stored of all that was committed, `set_aside` the malformed tuples as written, with
    the name of their blob; both count equal ones. `blobs` and `commits` are how many there were.
    """

    def __init__(self, service: BlobServiceClient, seed: int, bad_share: float = 0.0) -> None:
        self._service = service
        self._seed = seed
        self._bad_share = bad_share
        self._makers: dict[Card, MinuteMaker] = {}
        self._blobs: dict[str, LogBlob] = {}
        self.flow_records = Counter[FlowRecord]()
        self.set_aside = Counter[tuple[str, str]]()
        self.commits = 0

    @property
    def blobs(self) -> int:
        return len(self._blobs)

    @property
    def tuples(self) -> int:
        return self.flow_records.total() + self.set_aside.total()

    def write_minute(self, card: Card, start: dt.datetime) -> Commit | None:
        """Commit what the card saw in the minute before `start` and some seconds; None if that is nothing.

        Starts (aware) must go up by a minute each. The hour is that of the log record's time, so the first of an hour
        still holds flows of the hour before.
        """
        if card not in self._makers:
            self._makers[card] = MinuteMaker(card, self._seed, self._bad_share)
        minute = self._makers[card].minute(start)
        if not minute.tuples:
            return None
        name = card.blob_name(minute.time)
        if name not in self._blobs:
            self._blobs[name] = LogBlob(self._service, card.container, name)
        commit = self._blobs[name].append(*_blocks(minute))
        self.flow_records.update(minute.flow_records)
        self.set_aside.update({(name, text): count for text, count in minute.set_aside.items()})
        self.commits += 1
        return commit


def _blocks(minute: Minute) -> list[tuple[bytes, ...]]:
    """One block for all log records, or two if there are many: both are seen."""
    middle = len(minute.log_records) // 2
    if middle > 1:
        return [minute.log_records[:middle], minute.log_records[middle:]]
    return [minute.log_records]
