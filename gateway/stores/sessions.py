"""Sessions of users who have signed in to the console, stored by the SHA-256 hash of their cookie's value."""

import hashlib
import secrets
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import from_ms, to_ms
from gateway.stores.accounts import USER_COLUMNS, User, user_of
from gateway.stores.database import Database

IDLE: Final = timedelta(hours=2)
"""How long a session lives without a request."""
LONGEST: Final = timedelta(hours=12)
"""How long a session lives at most."""
_SEEN_AT_STEP: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A session.

    Attributes:
        user: Who signed in.
        csrf: The CSRF token that every form of the session must contain.
    """

    user: User
    csrf: str


class Sessions:
    """The store of sessions. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, user: int, now: datetime) -> str:
        """Begin a session for a user, and return the value of its cookie."""
        secret = secrets.token_urlsafe(32)
        self._database.run(
            "INSERT INTO sessions (hash, user, csrf, began_at, seen_at) VALUES (?, ?, ?, ?, ?)",
            _hash(secret),
            user,
            secrets.token_urlsafe(32),
            to_ms(now),
            to_ms(now),
        )
        return secret

    def find(self, secret: str, now: datetime, *, keeping: bool = True) -> Session | None:
        """Return the session of a cookie; None if it has ended or never existed.

        Args:
            secret: The cookie's value.
            now: The present moment.
            keeping: Whether this keeps the session alive, which a page's automatic requests do not.
        """
        rows = self._database.run(
            f"""SELECT sessions.csrf, sessions.seen_at, {USER_COLUMNS}
                FROM sessions JOIN users ON users.id = sessions.user
                WHERE hash = ? AND began_at > ? AND seen_at > ?""",  # noqa: S608 - names of our own
            _hash(secret),
            to_ms(now - LONGEST),
            to_ms(now - IDLE),
        )
        if not rows:
            return None
        csrf, seen_at, *user = rows[0]
        if keeping and now - from_ms(seen_at) >= _SEEN_AT_STEP:
            with suppress(sqlite3.Error):  # such as on a full disk: the session continues anyway
                self._database.run("UPDATE sessions SET seen_at = ? WHERE hash = ?", to_ms(now), _hash(secret))
        return Session(user_of(*user), csrf)

    def end(self, secret: str) -> None:
        """End the session of a cookie."""
        self._database.run("DELETE FROM sessions WHERE hash = ?", _hash(secret))

    def forget(self, now: datetime) -> None:
        """Remove sessions that have ended."""
        self._database.run(
            "DELETE FROM sessions WHERE began_at <= ? OR seen_at <= ?", to_ms(now - LONGEST), to_ms(now - IDLE)
        )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
