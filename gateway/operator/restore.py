"""Restoring a backup into an empty directory, from which a gateway can continue."""

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.clock import from_ms, to_ms
from gateway.operator.archive import Manifest
from gateway.operator.gap import Gap, gaps
from gateway.operator.work import RefusedError, Say
from gateway.stores import accounts_schema
from gateway.stores.copying import sync_directory
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.files import ACCOUNTS, RECORDS, SECRETS_KEY
from gateway.stores.schemas import read_delivered
from gateway.stores.whole import UNFINISHED, require_whole

_CONFIGURED: Final = """
    SELECT customer, storage_accounts.name FROM storage_accounts JOIN deployments ON deployments.id = deployment
"""


@dataclass(frozen=True, slots=True)
class GoodToken:
    """A subscription token that was valid when the backup was made, and is valid again, even if it was revoked since.

    Attributes:
        customer: The customer's name.
        number: The token's number.
        purpose: What it is for.
        expires_at: When it expires.
    """

    customer: str
    number: int
    purpose: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Sealed:
    """A deployment whose connection strings can't be decrypted without the key, which was left out.

    Attributes:
        customer: The customer's name.
        deployment: The deployment's name.
        accounts: The names of its storage accounts.
    """

    customer: str
    deployment: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore.

    Attributes:
        data: The directory.
        moment: The time whose state it has.
        tokens: The subscription tokens that were valid then.
        sealed: The deployments whose connection strings must be entered again.
        gaps: What each storage account must deliver again.
    """

    data: Path
    moment: datetime
    tokens: tuple[GoodToken, ...]
    sealed: tuple[Sealed, ...]
    gaps: tuple[Gap, ...]


def restore(backup: Path, data: Path, say: Say) -> Restored:
    """Restore a backup into a directory that is empty or does not exist, and end all sessions and auth tokens.

    Its files may have an earlier version: the next `serve` upgrades them.

    Args:
        backup: The backup's directory.
        data: The data directory for the gateway.
        say: Receives lines of progress.

    Raises:
        RefusedError: The backup can't be restored, or the directory is not empty. Nothing was changed.
        StoreError: A restore into the directory is in progress, or was interrupted.
    """
    manifest = Manifest.read(backup)
    try:
        with _unfinished(data) as unfinished:
            for name in manifest.files:
                manifest.copy(name, backup, unfinished / name, say)
            with closing(accounts_schema.connect(unfinished / ACCOUNTS)) as accounts:
                _end_sessions(accounts)
                tokens = tuple(_good_tokens(accounts, manifest.moment))
                sealed = () if SECRETS_KEY in manifest.files else tuple(_sealed(accounts))
                names = dict(accounts.execute("SELECT id, name FROM customers"))
                configured = accounts.execute(_CONFIGURED).fetchall()
                _require_version(manifest, ACCOUNTS, accounts_schema.version_of(accounts))
            delivered, version = read_delivered(unfinished / RECORDS)
            _require_version(manifest, RECORDS, version)
            found = tuple(gaps(delivered, names, configured, manifest.moment))
            sync_directory(unfinished)
            for name in manifest.files:
                (unfinished / name).rename(data / name)
            sync_directory(data)
    except (OSError, *STORAGE_ERRORS) as error:
        raise RefusedError(
            f"{backup} could not be restored into {data}, and nothing of it is left there. Make sure that its disk is "
            f"not full and that you may write there, then try again. {error}"
        ) from error
    except (ValueError, OverflowError, KeyError, RecursionError) as error:
        raise RefusedError(
            f"{backup} contains something that no gateway writes ({type(error).__name__}), and nothing of it is left "
            f"in {data}. "
            "Take another backup, or another copy of this one."
        ) from error
    return Restored(data, manifest.moment, tokens, sealed, found)


def _require_version(manifest: Manifest, name: str, version: int) -> None:
    if version != manifest.schemas[name]:
        raise RefusedError(
            f"{name} in the backup has schema {version}, but its manifest says {manifest.schemas[name]}. Take another "
            "backup, or another copy of this one."
        )


@contextmanager
def _unfinished(data: Path) -> Iterator[Path]:
    """Yield a directory within an empty one. While it exists, no gateway starts on the outer one.

    It is within rather than beside it, since a gateway's user may only be able to write in its own directory, which may
    be a mount point.
    """
    require_whole(data)
    made = not data.exists()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = data / UNFINISHED
    if any(data.iterdir()):
        raise RefusedError(f"{data} is not empty. Name an empty directory, or one that does not exist.")
    unfinished.mkdir(mode=0o700)
    try:
        yield unfinished
    except BaseException:
        for name in (ACCOUNTS, RECORDS, SECRETS_KEY):
            (data / name).unlink(missing_ok=True)
        shutil.rmtree(unfinished)
        if made:
            with suppress(OSError):
                data.rmdir()
        raise
    shutil.rmtree(unfinished)
    sync_directory(data)


def _end_sessions(accounts: sqlite3.Connection) -> None:
    """End all sessions, and all auth tokens by replacing the key that signed them.

    This and the following statements run on a file of any version, since none has changed these tables yet.
    """
    accounts.execute("DELETE FROM sessions")
    accounts.execute("UPDATE signing_key SET key = ?", (secrets.token_bytes(32),))


def _good_tokens(accounts: sqlite3.Connection, moment: datetime) -> Iterator[GoodToken]:
    rows = accounts.execute(
        """SELECT customers.name, subscription_tokens.id, purpose, expires_at
           FROM subscription_tokens JOIN customers ON customers.id = customer
           WHERE revoked_at IS NULL AND expires_at > ? ORDER BY customers.name, subscription_tokens.id""",
        (to_ms(moment),),
    )
    for customer, number, purpose, expires_at in rows:
        yield GoodToken(customer, number, purpose, from_ms(expires_at))


def _sealed(accounts: sqlite3.Connection) -> Iterator[Sealed]:
    deployments = accounts.execute(
        """SELECT customers.name, deployments.name, deployments.id
           FROM deployments JOIN customers ON customers.id = customer ORDER BY customers.name, deployments.name"""
    )
    for customer, deployment, number in deployments.fetchall():
        names = accounts.execute(
            "SELECT name FROM storage_accounts WHERE deployment = ? ORDER BY position", (number,)
        ).fetchall()
        yield Sealed(customer, deployment, tuple(name for (name,) in names))
