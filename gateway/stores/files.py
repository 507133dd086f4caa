"""The files of a data directory, by their names there."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final

from gateway.stores.migrations import Schema

type Say = Callable[[str], None]
"""Tells whoever started the gateway how far it is."""

ACCOUNTS: Final = "accounts.sqlite"
RECORDS: Final = "records.duckdb"
SECRETS_KEY: Final = "secrets.key"


class StoreFile(ABC):
    """A file that is open to be brought forward; each method raises one of `STORAGE_ERRORS` where it can't be used.

    Attributes:
        name: What it is called in the directory.
        logs: What the names of its logs end in.
        schema: Its versions.
        path: Where it is.
        version: The one that it has; 0 if it is empty.
    """

    name: ClassVar[str]
    logs: ClassVar[tuple[str, ...]]
    schema: ClassVar[Schema]
    version: int

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self.path = path

    @abstractmethod
    def copy(self, target: Path, say: Say) -> None:
        """Copy the file, whole or not at all."""

    @abstractmethod
    def migrate(self, say: Say) -> None:
        """Run the steps that the file needs, and leave none of them in a log that can't be replayed."""

    @abstractmethod
    def finish(self, say: Say) -> None:
        """Do what the steps have left, in parts, each a transaction: what is cut off goes on at the next start."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    @property
    def size(self) -> int:
        """How many bytes it takes with its logs."""
        parts = (self.path, *(self.path.with_name(f"{self.name}{log}") for log in self.logs))
        return sum(part.stat().st_size for part in parts if part.exists())
