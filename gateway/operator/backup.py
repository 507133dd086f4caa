"""The operation `backup`: both files as of one moment, in a separate directory."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gateway.clock import iso
from gateway.operator.archive import Manifest, new_file
from gateway.operator.work import RefusedError, Work
from gateway.stores.copying import sync_directory
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.files import ACCOUNTS, RECORDS, SECRETS_KEY
from gateway.stores.snapshot import snapshot


def back_up(work: Work) -> dict[str, Any]:
    """Back up to the directory `to`, with the key of the connection strings if `with_secrets_key` is true.

    Raises:
        RefusedError: The directory is not empty, or can't be written.
    """
    target = Path(work.arguments["to"])
    _require_free(target)
    with _refused_if_it_fails(target), _unfinished(target) as directory:
        with snapshot(work.stores, work.clock) as taken:
            taken.copy_accounts(directory / ACCOUNTS)
            count = taken.copy_records(directory / RECORDS, work.say)
        if work.arguments["with_secrets_key"]:
            _copy_key(work.stores.database.path.with_name(SECRETS_KEY), directory)
        for path in directory.iterdir():
            path.chmod(0o600)
        manifest = Manifest.of(directory, taken.moment, work.say)
        manifest.write(directory)
        directory.rename(target)
        sync_directory(target.parent)
    return {
        "backup": str(target),
        "moment": iso(taken.moment),
        "records": count,
        "bytes": sum(entry.size for entry in manifest.files.values()),
        "secrets_key": SECRETS_KEY in manifest.files,
    }


def _require_free(target: Path) -> None:
    if target.is_mount():
        raise RefusedError(f"{target} is a mount point. Name a directory within it for the backup to create.")
    if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
        raise RefusedError(f"{target} already exists. Name an empty directory, or one that does not exist yet.")


@contextmanager
def _refused_if_it_fails(target: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, *STORAGE_ERRORS) as error:
        raise RefusedError(
            f"The backup could not be written, and nothing of it is left in {target}. Make sure that the gateway's "
            f"user may write to {target.parent} and that its disk is not full, then try again. {error}"
        ) from error


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """Yield a directory beside a target; unless it has become the target, it is removed at the end."""
    directory = target.with_name(f"{target.name}.{secrets.token_hex(8)}.unfinished")
    directory.mkdir(mode=0o700)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _copy_key(key: Path, directory: Path) -> None:
    # It does not exist before the first connection string.
    with suppress(FileNotFoundError):
        content = key.read_bytes()
        with new_file(directory / SECRETS_KEY) as file:
            file.write(content)
