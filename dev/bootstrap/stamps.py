"""Records of what was made from what, so that a step with unchanged sources costs nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Stamp:
    """A file inside what a step makes; it holds the hash of the step's sources.

    It is written last and removed first, so a step that was interrupted is not taken for done, and goes with the folder
    when somebody deletes that.
    """

    def __init__(self, path: Path, sources: Iterable[Path]) -> None:
        self._path = path
        self._sources = tuple(sources)

    def is_current(self) -> bool:
        try:
            return self._path.read_text() == self._fingerprint()
        except FileNotFoundError:
            return False

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)

    def write(self) -> None:
        self._path.write_text(self._fingerprint())

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(str(self._path).encode())  # what is made names its own place, so it can't be moved
        for source in self._sources:
            digest.update(hashlib.sha256(source.read_bytes()).digest())
        return digest.hexdigest()
