"""Whether a directory is complete: an interrupted restore leaves a mark in it, and then nothing uses it."""

from pathlib import Path
from typing import Final

from gateway.stores.errors import GoneError, UnfinishedError
from gateway.stores.files import ACCOUNTS, RECORDS

UNFINISHED: Final = "restore.unfinished"
"""The directory inside it, where a restore puts everything until it is complete."""


def require_whole(data: Path) -> None:
    """Make sure that no restore into a directory is in progress or was interrupted.

    Raises:
        UnfinishedError: One is.
    """
    if (data / UNFINISHED).exists():
        raise UnfinishedError(
            f"A backup is being restored into {data}, or a restore was interrupted. In the latter case, empty the "
            f"directory and restore again."
        )


def require_kept(data: Path) -> None:
    """Make sure that a directory is complete and contains a gateway's data, so that nothing is created by mistake.

    Raises:
        StoreError: It is not complete (`UnfinishedError`), or has no data (`GoneError`).
    """
    require_whole(data)
    if not all((data / name).exists() for name in (ACCOUNTS, RECORDS)):
        raise GoneError(f"{data} contains no gateway's data. Name the directory that the gateway serves from.")
