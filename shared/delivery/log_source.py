"""Where log blobs are read from."""

from typing import Protocol

from shared.errors import StorageAway, Vanished
from shared.flowlog import LogBlob
from shared.storage.logs import Snapshot


class LogSource(Protocol):
    """Log blobs to read; see `shared.storage.logs` for errors."""

    @property
    def name(self) -> str:
        """The storage account's name."""

    def snapshot(self, log: LogBlob) -> Snapshot: ...

    def read(self, log: LogBlob, snapshot: Snapshot, start: int, end: int) -> bytes: ...

    def is_listed(self, log: LogBlob) -> bool: ...


def latest(logs: LogSource, log: LogBlob) -> Snapshot | None:
    """Return a log blob as its latest commit left it; None if it is gone.

    Raises:
        StorageAway: The account can't be asked now, or contradicts itself.
        Unsupported: The blob can't be read as it is.
    """
    try:
        return logs.snapshot(log)
    except Vanished:
        check_gone(logs, log)
        return None


def check_gone(logs: LogSource, log: LogBlob) -> None:
    """Check that a log blob is gone, of which storage said so.

    What is gone is never looked at again, so two of storage's answers must say so.

    Raises:
        StorageAway: The account's listing shows it, or can't be asked now.
    """
    if logs.is_listed(log):
        raise StorageAway(
            f"Storage account {logs.name} says that {log.name} is gone, though its listing shows it. "
            "It will be looked at again later."
        )
