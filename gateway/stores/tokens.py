"""Subscription tokens, stored as SHA-256 hashes, which is enough for 256 random bits."""

import hashlib
import secrets
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.clock import from_ms, to_ms
from gateway.stores.database import Database

_USED_AT_STEP: Final = timedelta(minutes=1)
"""The precision of a token's last use: writing at every post would cost another wait for the disk."""


class TokenKind(StrEnum):
    """The kind of a token: what it is for, and so what it may do."""

    INGEST = "ingest"
    """For posts of flow logs and registration: the token of a deployment."""
    AGENT = "agent"
    """For agents' polls and deliveries at the edge."""
    UNRESTRICTED = "unrestricted"
    """For everything: tokens created by version 0.1. No new ones are created."""

    def does(self, wanted: "TokenKind") -> bool:
        """Return whether a token of this kind may do what another kind is for."""
        return self in (wanted, TokenKind.UNRESTRICTED)


class TokenState(StrEnum):
    """Whether a token is accepted, and if not, why."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class SubscriptionToken:
    """The details of a subscription token.

    Attributes:
        number: Its number; the token itself is not stored.
        customer: The number of the customer that it belongs to.
        kind: What it may do.
        purpose: What it was created for, in its creator's words.
        created_by: The name of the user who created it.
        created_at: When it was created.
        expires_at: When it expires.
        used_at: When it was last used while valid, to the minute; None if never.
        revoked_at: When it was revoked; None if it was not.
    """

    number: int
    customer: int
    kind: TokenKind
    purpose: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    @property
    def name(self) -> str:
        """The name that the audit log and the pages show."""
        return f"token {self.number} ({self.purpose})" if self.purpose else f"token {self.number}"

    def state(self, now: datetime) -> TokenState:
        """Return whether it is valid now, and if not, why."""
        if self.revoked_at is not None:
            return TokenState.REVOKED
        return TokenState.ACTIVE if now < self.expires_at else TokenState.EXPIRED


class Tokens:
    """The store of subscription tokens. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        customer: int,
        now: datetime,
        life: timedelta,
        purpose: str = "",
        created_by: str = "",
        *,
        kind: TokenKind = TokenKind.INGEST,
    ) -> tuple[str, SubscriptionToken]:
        """Create a token for a customer; return it, which can't be done again, and its details."""
        token = secrets.token_urlsafe(32)
        rows = self._database.run(
            f"""INSERT INTO subscription_tokens (hash, customer, kind, purpose, created_by, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}""",  # noqa: S608 - names of our own
            _hash(token),
            customer,
            kind,
            purpose,
            created_by,
            to_ms(now),
            to_ms(now + life),
        )
        return token, _token(*rows[0])

    def find(self, token: str, now: datetime) -> SubscriptionToken | None:
        """Return a token's details, and record its use; None if it is unknown, expired or revoked."""
        rows = self._database.run(
            f"""SELECT {_COLUMNS} FROM subscription_tokens
                WHERE hash = ? AND expires_at > ? AND revoked_at IS NULL""",  # noqa: S608 - names of our own
            _hash(token),
            to_ms(now),
        )
        if not rows:
            return None
        found = _token(*rows[0])
        if found.used_at is None or now - found.used_at >= _USED_AT_STEP:
            with suppress(sqlite3.Error):  # such as on a full disk: the token is still valid
                self._database.run("UPDATE subscription_tokens SET used_at = ? WHERE id = ?", to_ms(now), found.number)
        return found

    def customer_of(self, token: str) -> int | None:
        """Return the number of the customer that a token belongs to, even if it has expired or was revoked."""
        rows = self._database.run("SELECT customer FROM subscription_tokens WHERE hash = ?", _hash(token))
        return rows[0][0] if rows else None

    def all(self, customer: int) -> list[SubscriptionToken]:
        """Return a customer's tokens, the newest first."""
        rows = self._database.run(
            f"SELECT {_COLUMNS} FROM subscription_tokens WHERE customer = ? ORDER BY id DESC",  # noqa: S608
            customer,
        )
        return [_token(*row) for row in rows]

    def ending(self, customer: int, now: datetime, ahead: timedelta, lately: timedelta) -> list[SubscriptionToken]:
        """Return a customer's tokens that expire soon, or that expired while in use, ordered by expiry.

        Args:
            customer: The customer's number.
            now: The present moment.
            ahead: How far ahead "soon" reaches.
            lately: How recently an expired token must have been used.
        """
        rows = self._database.run(
            f"""SELECT {_COLUMNS} FROM subscription_tokens
                WHERE customer = ? AND revoked_at IS NULL AND expires_at <= ? AND (expires_at > ? OR used_at > ?)
                ORDER BY expires_at, id""",  # noqa: S608 - names of our own
            customer,
            to_ms(now + ahead),
            to_ms(now),
            to_ms(now - lately),
        )
        return [_token(*row) for row in rows]

    def revoke(self, customer: int, number: int, now: datetime) -> SubscriptionToken | None:
        """Revoke a customer's token; return its details, or None if there is no such token to revoke."""
        rows = self._database.run(
            f"""UPDATE subscription_tokens SET revoked_at = ?
                WHERE customer = ? AND id = ? AND revoked_at IS NULL RETURNING {_COLUMNS}""",  # noqa: S608
            to_ms(now),
            customer,
            number,
        )
        return _token(*rows[0]) if rows else None


_COLUMNS: Final = "id, customer, kind, purpose, created_by, created_at, expires_at, used_at, revoked_at"


def _token(
    number: int, customer: int, kind: str, purpose: str, created_by: str, *times: int | None
) -> SubscriptionToken:
    created_at, expires_at, used_at, revoked_at = (None if each is None else from_ms(each) for each in times)
    assert created_at is not None  # noqa: S101 - as the schema has it
    assert expires_at is not None  # noqa: S101
    return SubscriptionToken(
        number, customer, TokenKind(kind), purpose, created_by, created_at, expires_at, used_at, revoked_at
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
