"""Customers, their users, tokens and registered Azure subscriptions, in one SQLite file.

Passwords are kept as scrypt hashes. Tokens are kept as SHA-256 hashes, which is enough for 256 random bits.
"""

import hashlib
import secrets
import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import orjson

from gateway.clock import from_ms, to_ms
from gateway.stores.passwords import hash_password, is_password

_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = f"""
    CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        customer INTEGER NOT NULL REFERENCES customers,
        name TEXT NOT NULL UNIQUE,
        password TEXT NOT NULL
    ) STRICT;
    CREATE TABLE subscription_tokens (
        hash BLOB PRIMARY KEY,
        customer INTEGER NOT NULL REFERENCES customers,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        revoked_at INTEGER
    ) STRICT;
    CREATE TABLE azure_subscriptions (
        customer INTEGER NOT NULL REFERENCES customers,
        subscription_id TEXT NOT NULL,
        registration TEXT NOT NULL,
        registered_at INTEGER NOT NULL,
        PRIMARY KEY (customer, subscription_id)
    ) STRICT;
    CREATE TABLE signing_key (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), key BLOB NOT NULL) STRICT;
    PRAGMA user_version = {_SCHEMA_VERSION};
"""


class AccountsError(Exception):
    """What was asked cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in.

    Attributes:
        id: The user's number.
        customer: The number of the customer that the user belongs to.
        name: The name to sign in with.

    """

    id: int
    customer: int
    name: str


@dataclass(frozen=True, slots=True)
class SubscriptionToken:
    """What a subscription token stands for.

    Attributes:
        customer: The number of the customer that the token acts for.
        expires_at: The end of its life.

    """

    customer: int
    expires_at: datetime


class Accounts:
    """The store of accounts. Every method may be called from any thread, and blocks: call none on an event loop."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the store at a path, or begin it; several processes may have it open.

        Raises:
            AccountsError: The file was written by another version of the gateway.

        """
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            key = secrets.token_hex(32)
            insert = f"INSERT INTO signing_key VALUES (1, x'{key}')"  # noqa: S608 - digits of our own; scripts take no parameters
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {insert}; COMMIT")
        elif version != _SCHEMA_VERSION:
            connection.close()
            raise AccountsError(
                f"{path} was written by another version of the gateway. Start that one, or name another directory."
            )
        return cls(connection)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def signing_key(self) -> bytes:
        """Give the 256-bit key that signs auth tokens, made up once for each store."""
        rows = self._run("SELECT key FROM signing_key")
        return bytes(rows[0][0])

    def add_customer(self, name: str) -> int:
        """Give the number of the customer of this name, who is added if unknown."""
        self._run("INSERT INTO customers (name) VALUES (?) ON CONFLICT DO NOTHING", name)
        rows = self._run("SELECT id FROM customers WHERE name = ?", name)
        return int(rows[0][0])

    def has_users(self) -> bool:
        """Tell whether anyone can sign in."""
        return bool(self._run("SELECT 1 FROM users LIMIT 1"))

    def add_user(self, name: str, customer: int, password: str) -> User:
        """Add a person to a customer.

        Raises:
            AccountsError: The name is taken.

        """
        added = self._run(
            "INSERT INTO users (customer, name, password) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING id",
            customer,
            name,
            hash_password(password),
        )
        if not added:
            raise AccountsError(f"There is a user {name!r} already. Choose another name.")
        return User(added[0][0], customer, name)

    def set_password(self, name: str, password: str) -> None:
        """Replace a user's password.

        Raises:
            AccountsError: There is no such user.

        """
        if not self._run("UPDATE users SET password = ? WHERE name = ? RETURNING id", hash_password(password), name):
            raise AccountsError(f"There is no user {name!r}. `user add` adds one.")

    def sign_in(self, name: str, password: str) -> User | None:
        """Give the user whose name and password these are, in a time that does not tell which of them is wrong."""
        rows = self._run("SELECT id, customer, password FROM users WHERE name = ?", name)
        if not rows:
            hash_password(password)
            return None
        user, customer, stored = rows[0]
        return User(user, customer, name) if is_password(password, stored) else None

    def user(self, number: int) -> User | None:
        """Give the user of a number, if there still is one."""
        rows = self._run("SELECT id, customer, name FROM users WHERE id = ?", number)
        return User(*rows[0]) if rows else None

    def add_subscription_token(self, customer: int, now: datetime, life: timedelta) -> tuple[str, datetime]:
        """Make up a subscription token for a customer; give it, which nobody can do again, and when it expires."""
        token = secrets.token_urlsafe(32)
        expires_at = from_ms(to_ms(now + life))
        self._run(
            "INSERT INTO subscription_tokens (hash, customer, created_at, expires_at) VALUES (?, ?, ?, ?)",
            _hash(token),
            customer,
            to_ms(now),
            to_ms(expires_at),
        )
        return token, expires_at

    def subscription_token(self, token: str, now: datetime) -> SubscriptionToken | None:
        """Give what a subscription token stands for; None if it is unknown, expired or revoked."""
        rows = self._run(
            """SELECT customer, expires_at FROM subscription_tokens
               WHERE hash = ? AND expires_at > ? AND revoked_at IS NULL""",
            _hash(token),
            to_ms(now),
        )
        return SubscriptionToken(rows[0][0], from_ms(rows[0][1])) if rows else None

    def revoke_subscription_token(self, token: str, now: datetime) -> None:
        """End a subscription token's life at once."""
        self._run("UPDATE subscription_tokens SET revoked_at = ? WHERE hash = ?", to_ms(now), _hash(token))

    def put_azure_subscription(
        self, customer: int, subscription_id: str, registration: dict[str, Any], now: datetime
    ) -> bool:
        """Register a customer's Azure subscription, or replace its registration; tell whether it is new."""
        with self._lock:
            known = self._connection.execute(
                "SELECT 1 FROM azure_subscriptions WHERE customer = ? AND subscription_id = ?",
                [customer, subscription_id],
            ).fetchone()
            self._connection.execute(
                """INSERT INTO azure_subscriptions (customer, subscription_id, registration, registered_at)
                   VALUES (?, ?, ?, ?)
                   ON CONFLICT (customer, subscription_id) DO UPDATE SET registration = excluded.registration""",
                [customer, subscription_id, orjson.dumps(registration).decode(), to_ms(now)],
            )
        return known is None

    def azure_subscriptions(self, customer: int) -> dict[str, Any]:
        """Give a customer's registrations by subscription id."""
        rows = self._run("SELECT subscription_id, registration FROM azure_subscriptions WHERE customer = ?", customer)
        return {subscription_id: orjson.loads(registration) for subscription_id, registration in rows}

    def delete_azure_subscription(self, customer: int, subscription_id: str) -> bool:
        """Remove a customer's registration; tell whether there was one."""
        return bool(
            self._run(
                "DELETE FROM azure_subscriptions WHERE customer = ? AND subscription_id = ? RETURNING 1",
                customer,
                subscription_id,
            )
        )

    def _run(self, statement: str, *parameters: object) -> list[Any]:
        """Run one statement, which is one transaction, and give its rows."""
        with self._lock:
            return self._connection.execute(statement, parameters).fetchall()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
