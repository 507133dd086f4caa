"""A process's way to storage: requests take their time, and go wrong as the faults say."""

import contextlib
from collections.abc import Callable

from dev.interleaved.estate import START, Holder
from dev.interleaved.loom import Fate
from dev.interleaved.scene import Scene
from shared.errors import SluiceError, StorageAway
from shared.flowlog import LogBlob
from shared.storage.storage_clock import StorageClock

_CUT_OFF = (60.0, 150.0)


class Line:
    """Asks storage for one process."""

    def __init__(self, scene: Scene, fate: Fate, storage_clock: StorageClock, measure: Callable[[], float]) -> None:
        self._scene = scene
        self._fate = fate
        self._storage_clock = storage_clock
        self._measure = measure
        self._cut_off_until = 0.0

    def by(self, log: LogBlob) -> Holder:
        """Return who asks."""
        task = self._scene.loom.task
        return Holder(self._fate, None if task is None else task.visit, log)

    def ask[T](self, act: Callable[[], T]) -> T:
        """Ask the account of the logs."""
        self._wait()
        if self._happens(self._scene.faults.slow_logs):
            self._scene.loom.pause(self._scene.random.uniform(20, 50))
        if self._happens(self._scene.faults.away / 2):
            raise self._away()
        found = act()
        self._wait()
        return found

    def ask_table[T](self, act: Callable[[], T], *, repeats: bool = True) -> T:
        """Ask the table, as the library does.

        Args:
            act: What the table does.
            repeats: Whether the library repeats the request if its answer is lost.
        """
        faults, scene = self._scene.faults, self._scene
        if self._happens(faults.cut_off):
            self._cut_off_until = scene.loom.now + scene.random.uniform(*_CUT_OFF)
        if self._cut_off_until > scene.loom.now or self._happens(faults.away):
            raise self._away()
        if self._happens(faults.late):
            scene.loom.after(scene.random.uniform(1, 40), lambda: _anyhow(act))
            raise self._away()
        asked = self._measure()
        self._wait()
        lost = self._happens(faults.lost)
        if lost:
            _anyhow(act)
            scene.loom.pause(scene.random.uniform(1, 4))
            if not repeats:
                raise StorageAway("The answer was lost.")
        try:
            return act()
        finally:
            date = START.timestamp() + int(scene.loom.now)
            self._wait()
            self._storage_clock.note(date, asked)

    def _wait(self) -> None:
        self._scene.loom.pause(self._scene.random.uniform(0.002, 0.03))

    def _happens(self, chance: float) -> bool:
        return self._scene.gateway.failing and self._scene.random.random() < chance

    def _away(self) -> StorageAway:
        self._scene.loom.pause(self._scene.random.uniform(2, 15))
        self._scene.estate.counts["storage away"] += 1
        return StorageAway("Storage is away.")


def _anyhow(act: Callable[[], object]) -> None:
    with contextlib.suppress(SluiceError):
        act()
