"""What is stored of log blobs, and what this process remembers of it, so that most invocations need not ask."""

import threading
from collections import OrderedDict
from typing import Final, Protocol

from shared.flowlog import LogBlob
from shared.storage.entry import Entry

_MOST_REMEMBERED: Final = 10_000
_MOST_HALVED: Final = 100
"""An entry with more halved batches is not remembered. So all take some 15 MB; what is missing costs a request more."""


class Entries(Protocol):
    """Stored entries; see `shared.storage.checkpoints` for errors."""

    def read(self, log: LogBlob) -> Entry | None: ...

    def insert(self, log: LogBlob, entry: Entry) -> Entry: ...

    def replace(self, log: LogBlob, entry: Entry, known: Entry) -> Entry: ...

    def mark(self, log: LogBlob, known: Entry) -> Entry: ...


class Ledger:
    """Stored entries and the memory of them; safe to share between threads.

    What is remembered may be old: a write that names it is refused then.
    """

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._lock = threading.Lock()
        self._remembered: OrderedDict[LogBlob, Entry] = OrderedDict()

    def known(self, log: LogBlob) -> Entry | None:
        """Return what is remembered of a log blob, or else what is stored; None if nothing is."""
        with self._lock:
            entry = self._remembered.get(log)
        return entry or self.read(log)

    def read(self, log: LogBlob) -> Entry | None:
        """Return what is stored of a log blob; None if nothing is."""
        entry = self._entries.read(log)
        if entry is None:
            with self._lock:
                self._remembered.pop(log, None)
            return None
        return self._remember(log, entry)

    def write(self, log: LogBlob, entry: Entry, known: Entry | None) -> Entry:
        """Store an entry in place of the known one, or the first; return it with its ETag."""
        written = self._entries.insert(log, entry) if known is None else self._entries.replace(log, entry, known)
        return self._remember(log, written)

    def mark(self, log: LogBlob, known: Entry) -> None:
        """Mark the known entry."""
        self._remember(log, self._entries.mark(log, known))

    def _remember(self, log: LogBlob, entry: Entry) -> Entry:
        with self._lock:
            self._remembered.pop(log, None)
            if len(entry.checkpoint.halved) <= _MOST_HALVED:
                self._remembered[log] = entry
            if len(self._remembered) > _MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return entry
