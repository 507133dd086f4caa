"""The files of a data directory, whatever engine reads them."""

from contextlib import closing
from pathlib import Path
from typing import Final

from gateway.stores.accounts_file import AccountsFile
from gateway.stores.duckdb.file import RecordsFile
from gateway.traffic.delivered import Delivered

FILES: Final = (AccountsFile, RecordsFile)
"""What each file is; its main log is the first one."""
SCHEMAS: Final = {kind.name: kind.schema for kind in FILES}
"""The schema of each file, by its name."""


def read_delivered(path: Path) -> tuple[Delivered, int]:
    """Return what the file of records says had been delivered, whatever its version, and that version.

    Raises:
        StoreUnavailableError: It can't be read.
    """
    with closing(RecordsFile(path)) as records:
        return records.delivered(), records.version
