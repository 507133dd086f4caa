"""Intervals that the edge has not accepted yet, each in its own file.

Files are written atomically, and removed only when the edge has answered: a kill at any moment loses no interval that
was added, and at worst sends one twice, under the same key. A full disk is logged; later intervals wait in memory.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import os
import re
import threading
from collections import deque
from pathlib import Path
from typing import Final, NamedTuple

from agent.files import make_directory, remove_unfinished, write_whole
from agent.foreign import plain_words

_logger = logging.getLogger("agent.spool")
_NAME: Final = re.compile(r"([0-9]{13})-([0-9]{1,9})\.ndjson\.gz")
_ASIDE: Final = "refused"
_REASON: Final = ".reason.txt"
BETWEEN_REASONS: Final = "; "
"""The separator between the reasons for several flows."""
_DROPPED: Final = "dropped-intervals"
_ASIDE_MAX: Final = 20
_COUNT_MAX: Final = 12
INTERVALS_MAX: Final = 360
"""The most intervals that wait: an hour of the shortest, six hours of the usual."""


class Batch(NamedTuple):
    """One interval's records, as they are posted.

    Attributes:
        start_ms: When the interval began; unique for this agent.
        lines: How many records there are.
        body: The records as NDJSON, compressed; when sent again, it is identical to the last byte.
    """

    start_ms: int
    lines: int
    body: bytes

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.start_ms:013d}-{self.lines}.ndjson.gz"


def make_batch(start_ms: int, lines: int, content: bytes) -> Batch:
    """Return an interval's records, compressed."""
    return Batch(start_ms, lines, gzip.compress(content, mtime=0))


class Spool:
    """The waiting intervals, oldest first; the oldest are dropped when there are too many."""

    def __init__(self, directory: Path, intervals_max: int = INTERVALS_MAX) -> None:
        """Open a spool, and find what is waiting in it.

        Raises:
            OSError: The directory can't be created or read.
        """
        self._directory = directory
        self._aside = directory / _ASIDE
        self._max = intervals_max
        self._lock = threading.RLock()
        make_directory(directory)
        make_directory(self._aside)
        remove_unfinished(directory)
        remove_unfinished(self._aside)
        self._clean_reasons()
        self._on_disk: deque[str] = deque(
            sorted(file.name for file in directory.iterdir() if _NAME.fullmatch(file.name))
        )
        self._in_memory: deque[Batch] = deque()
        self._newest_ms = max((_start_of(name) for name in self._on_disk), default=-1)
        self._dropped = self._read_dropped()
        self._disk_takes = True

    def __len__(self) -> int:
        """Return the number of waiting intervals."""
        return len(self._on_disk) + len(self._in_memory)

    @property
    def dropped(self) -> int:
        """How many intervals were dropped unsent since the spool was created."""
        return self._dropped

    def add(self, batch: Batch) -> None:
        """Keep an interval until the edge has accepted it.

        If the clock was set back, the interval counts as beginning after the one before it.
        """
        with self._lock:
            batch = batch._replace(start_ms=max(batch.start_ms, self._newest_ms + 1))
            self._newest_ms = batch.start_ms
            self._in_memory.append(batch)
            while len(self) > self._max:
                self._drop_oldest()
            self._write_down()

    def oldest(self) -> Batch | None:
        """Return the interval that has waited longest, or None."""
        with self._lock:
            while self._on_disk:
                name = self._on_disk[0]
                try:
                    body = (self._directory / name).read_bytes()
                except OSError as error:
                    self._on_disk.popleft()
                    self._count_dropped()
                    _logger.error(
                        "The interval %s can't be read from the spool, and is lost: %s.", name, error.strerror
                    )
                    continue
                return Batch(_start_of(name), int(name.partition("-")[2].partition(".")[0]), body)
            return self._in_memory[0] if self._in_memory else None

    def done(self, batch: Batch) -> None:
        """Remove an interval that the edge has."""
        with self._lock:
            if self._forget(batch):
                self._remove(batch.name)
            self._write_down()  # there may be space now

    def set_aside(self, batch: Batch, reason: str) -> None:
        """Set aside an interval that the edge refuses, with the reason, for somebody to look at."""
        with self._lock:
            if not self.keep_rejected(batch, reason):
                self._count_dropped()
            self.done(batch)

    def keep_rejected(self, batch: Batch, reason: str) -> bool:
        """Keep what the edge refuses, and why; only the newest few are kept. Return whether it is on disk."""
        with self._lock:
            try:
                write_whole(self._aside / f"{batch.name}{_REASON}", f"{reason}\n".encode("utf-8", "replace"))
                write_whole(self._aside / batch.name, batch.body)
                self._thin_out()
            except OSError as error:
                _logger.error("The refused records %s can't be kept, and are lost: %s.", batch.name, error.strerror)
                return False
            return True

    def _write_down(self) -> None:
        """Move what is in memory to the disk, as far as there is space."""
        while self._in_memory:
            batch = self._in_memory[0]
            try:
                write_whole(self._directory / batch.name, batch.body)
            except OSError as error:
                if self._disk_takes:
                    _logger.error(
                        "The spool %s can't be written: %s. Intervals wait in memory, %d at most, and are lost if the "
                        "agent stops.",
                        self._directory,
                        error.strerror,
                        self._max,
                    )
                self._disk_takes = False
                return
            self._in_memory.popleft()
            self._on_disk.append(batch.name)
        if not self._disk_takes:
            _logger.warning("The spool %s can be written again.", self._directory)
        self._disk_takes = True

    def _forget(self, batch: Batch) -> bool:
        """Remove an interval from the list; return whether it is on disk."""
        if batch.name in self._on_disk:
            self._on_disk.remove(batch.name)
            return True
        if batch in self._in_memory:
            self._in_memory.remove(batch)
        return False  # or it was dropped while it was being sent

    def _drop_oldest(self) -> None:
        if self._on_disk:
            name = self._on_disk.popleft()
            self._remove(name)
        else:
            name = self._in_memory.popleft().name
        self._count_dropped()
        _logger.error(
            "%d intervals are already waiting: the oldest, %s, is dropped; %d dropped so far.",
            self._max,
            name,
            self._dropped,
        )

    def _remove(self, name: str) -> None:
        try:
            os.unlink(self._directory / name)  # noqa: PTH108 -- beside the others of os
        except OSError as error:
            _logger.error("The file %s can't be removed from the spool: %s.", name, error.strerror)

    def _count_dropped(self) -> None:
        self._dropped += 1
        # A disk that can't be written has been reported; the count continues in memory.
        with contextlib.suppress(OSError):
            write_whole(self._directory / _DROPPED, str(self._dropped).encode())

    def _read_dropped(self) -> int:
        try:
            text = (self._directory / _DROPPED).read_text(encoding="ascii")
        except (OSError, ValueError):
            return 0
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _COUNT_MAX else 0

    def _clean_reasons(self) -> None:
        """Remove from the reasons what must not be shown: older agents stored them as received."""
        for file in self._aside.glob(f"*{_REASON}"):
            with contextlib.suppress(OSError):
                kept = file.read_bytes()
                reasons = kept.decode("utf-8", "replace").split(BETWEEN_REASONS)
                plain = f"{BETWEEN_REASONS.join(map(plain_words, reasons))}\n".encode()
                if plain != kept:
                    write_whole(file, plain)

    def _thin_out(self) -> None:
        names = sorted(file.name for file in self._aside.iterdir() if _NAME.fullmatch(file.name))
        for name in names[:-_ASIDE_MAX]:
            (self._aside / name).unlink(missing_ok=True)
            (self._aside / f"{name}{_REASON}").unlink(missing_ok=True)


def _start_of(name: str) -> int:
    return int(name.partition("-")[0])
