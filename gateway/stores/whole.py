"""Whether a directory is whole: a restore that was cut off leaves a mark in it, and nobody works with it then."""

from pathlib import Path
from typing import Final

from gateway.stores.errors import GoneError, UnfinishedError
from gateway.stores.files import ACCOUNTS, RECORDS

UNFINISHED: Final = "restore.unfinished"
"""The directory within, where a restore puts everything until it is complete."""


def require_whole(data: Path) -> None:
    """Make sure that no restore into a directory is under way, or was cut off.

    Raises:
        UnfinishedError: One is.

    """
    if (data / UNFINISHED).exists():
        raise UnfinishedError(
            f"A backup is being restored into {data}, or that was cut off. In the latter case empty the directory, "
            "and restore once more."
        )


def require_kept(data: Path) -> None:
    """Make sure that a directory is whole, and that a gateway has kept something in it: nothing is begun by mistake.

    Raises:
        StoreError: It is not (`UnfinishedError`), or has not (`GoneError`).

    """
    require_whole(data)
    if not all((data / name).exists() for name in (ACCOUNTS, RECORDS)):
        raise GoneError(f"No gateway has kept anything in {data}. Name the directory that it serves from.")
