"""Fair turns for a single slot, for which many may wait: who had the last turn comes last."""

from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio


@dataclass(slots=True, eq=False)
class _Branch:
    """Those who wait below one name, and further names below it; the name whose turn it is comes first."""

    branches: dict[Hashable, "_Branch"] = field(default_factory=dict)
    waiting: deque[anyio.Event] = field(default_factory=deque)

    def __bool__(self) -> bool:
        return bool(self.branches or self.waiting)

    def add(self, path: tuple[Hashable, ...], called: anyio.Event) -> None:
        """Add somebody who waits below a path of names."""
        if not path:
            self.waiting.append(called)
            return
        self.branches.setdefault(path[0], _Branch()).add(path[1:], called)

    def remove(self, path: tuple[Hashable, ...], called: anyio.Event) -> None:
        """Remove somebody who waits."""
        if not path:
            self.waiting.remove(called)
            return
        branch = self.branches[path[0]]
        branch.remove(path[1:], called)
        if not branch:
            del self.branches[path[0]]

    def take(self) -> anyio.Event:
        """Remove and return the one whose turn it is, and move its names to the end."""
        if self.waiting:
            return self.waiting.popleft()
        name = next(iter(self.branches))
        branch = self.branches.pop(name)
        called = branch.take()
        if branch:
            self.branches[name] = branch
        return called


class Turns:
    """The slot. For use on one event loop only.

    Each caller has a path of names, such as an address and a user's name. At each level of the paths the names take
    turns, so that nobody gets ahead by waiting many times under one of them.
    """

    def __init__(self) -> None:
        self._taken = False
        self._waiting = _Branch()

    @asynccontextmanager
    async def turn(self, *path: Hashable) -> AsyncIterator[None]:
        """Wait for a turn, and hold the slot until the context ends. A cancelled caller stops waiting."""
        await self._enter(path)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, path: tuple[Hashable, ...]) -> None:
        if not self._taken:
            self._taken = True
            return
        called = anyio.Event()
        self._waiting.add(path, called)
        try:
            await called.wait()
        except BaseException:
            if called.is_set():
                self._leave()
            else:
                self._waiting.remove(path, called)
            raise

    def _leave(self) -> None:
        if self._waiting:
            self._waiting.take().set()
        else:
            self._taken = False
