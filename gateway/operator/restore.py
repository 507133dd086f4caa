"""Bringing a backup back into an empty directory, for a gateway to go on from."""

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
    """A subscription token that was good when the backup was made, and is again, even if it was revoked since.

    Attributes:
        customer: The customer's name.
        number: The token's number.
        purpose: What it is for.
        expires_at: Its end.

    """

    customer: str
    number: int
    purpose: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Sealed:
    """A deployment whose connection strings can't be decrypted without the key that was left out.

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
    """What is to be told of a restored directory.

    Attributes:
        data: The directory.
        moment: When everything was as it is in it.
        tokens: The subscription tokens that were good then.
        sealed: The deployments whose connection strings are to be entered again.
        gaps: What each storage account is to deliver once more.

    """

    data: Path
    moment: datetime
    tokens: tuple[GoodToken, ...]
    sealed: tuple[Sealed, ...]
    gaps: tuple[Gap, ...]


def restore(backup: Path, data: Path, say: Say) -> Restored:
    """Restore a backup into a directory that is empty or not there, and end all sessions and auth tokens.

    Its files may have an earlier version: the next `serve` brings them forward.

    Args:
        backup: The backup's directory.
        data: The directory of everything that the gateway is to keep.
        say: Told how far it is.

    Raises:
        RefusedError: The backup can't be restored, or the directory is not empty. Nothing was changed.
        StoreError: A restore into the directory is under way, or was cut off.

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
            f"{backup} could not be restored into {data}, and nothing of it is left there. See that its disk is not "
            f"full and that you may write there; then try again. {error}"
        ) from error
    except (ValueError, OverflowError, KeyError, RecursionError) as error:
        raise RefusedError(
            f"{backup} holds what no gateway writes ({type(error).__name__}), and nothing of it is left in {data}. "
            "Take another backup, or another copy of this one."
        ) from error
    return Restored(data, manifest.moment, tokens, sealed, found)


def _require_version(manifest: Manifest, name: str, version: int) -> None:
    if version != manifest.schemas[name]:
        raise RefusedError(
            f"{name} of the backup has schema {version}, and its manifest says {manifest.schemas[name]}. Take another "
            "backup, or another copy of this one."
        )


@contextmanager
def _unfinished(data: Path) -> Iterator[Path]:
    """Yield a directory within an empty one; while it is there, no gateway starts on what is around it.

    Within rather than beside, since a gateway's user may write in its own directory alone, which may be a disk's.
    """
    require_whole(data)
    made = not data.exists()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = data / UNFINISHED
    if any(data.iterdir()):
        raise RefusedError(f"{data} is not empty. Name an empty directory, or one that is not there.")
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
    """End all sessions, and all auth tokens with the key that signed them.

    This and what follows are asked of a file of any version, since none has changed these tables yet.
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
