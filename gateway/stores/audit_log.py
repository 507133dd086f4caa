"""Who did what, and when, kept for each customer. No entry holds a secret."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.clock import from_ms, to_ms
from gateway.stores.database import Database

KEPT: Final = timedelta(days=400)
"""How long an entry is kept: a year, and the time to look back at it."""
LONGEST_SUBJECT: Final = 4000
"""Characters of what an entry is about: enough for a search of all terms that one may have."""
_LONGEST: Final = 300


class Action(StrEnum):
    """What was done."""

    SIGNED_IN = "signed in"
    SIGN_IN_REFUSED = "was refused to sign in"
    GOT_AUTH_TOKEN = "got an auth token"  # noqa: S105 - no token
    CHANGED_PASSWORD = "changed the password"  # noqa: S105
    ADDED_USER = "added a user"
    REMOVED_USER = "removed a user"
    RESET_PASSWORD = "gave a user a new one-time password"  # noqa: S105
    MADE_TOKEN = "made a subscription token"  # noqa: S105
    REVOKED_TOKEN = "revoked a subscription token"  # noqa: S105
    SAVED_DEPLOYMENT = "saved a deployment"
    REMOVED_DEPLOYMENT = "removed a deployment"
    DOWNLOADED_SCRIPTS = "downloaded the scripts of a deployment"
    REPORTED_ITEM = "reported a new machine"
    SAVED_ITEM = "saved a configuration item"
    REMOVED_ITEM = "removed a configuration item"
    ACCEPTED_AGENT = "accepted an agent"
    REFUSED_AGENT = "refused an agent"
    IMPORTED_BLUEPRINT = "imported a blueprint"
    REMOVED_BLUEPRINT = "removed a blueprint"
    BEGAN_ERASURE = "began to erase records"
    ERASED_RECORDS = "erased records"
    SET_RETENTION = "set the retention"
    MADE_HOLD = "made a hold"
    LIFTED_HOLD = "lifted a hold"
    EXPORTED_TRAFFIC = "exported traffic"
    REGISTERED = "registered a subscription"
    DEREGISTERED = "took a subscription's registration away"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done.

    Attributes:
        number: Grows with every entry.
        at: When.
        who: A user's name, or a token's.
        action: What.
        subject: To what; may be empty.

    """

    number: int
    at: datetime
    who: str
    action: str
    subject: str


class AuditLog:
    """The store of entries. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, customer: int, now: datetime, who: str, action: Action, subject: str = "") -> None:
        """Write an entry; in the transaction of what it tells of, so that neither is without the other."""
        self._database.run(
            "INSERT INTO journal (customer, at, who, deed, subject) VALUES (?, ?, ?, ?, ?)",
            customer,
            to_ms(now),
            who[:_LONGEST],
            action,
            subject[:LONGEST_SUBJECT],
        )

    def add_none(self) -> None:
        """Take as long as an entry does, and leave none."""
        self._database.run("UPDATE signing_key SET key = key")

    def page(self, customer: int, before: int | None = None, size: int = 50) -> list[Entry]:
        """Give a customer's entries, the newest first, from the one before the entry of a number."""
        rows = self._database.run(
            """SELECT id, at, who, deed, subject FROM journal
               WHERE customer = ? AND id < coalesce(?, 9223372036854775807) ORDER BY id DESC LIMIT ?""",
            customer,
            before,
            size,
        )
        return [Entry(number, from_ms(at), who, deed, subject) for number, at, who, deed, subject in rows]

    def forget(self, now: datetime) -> None:
        """Remove the entries that have outlived their time."""
        self._database.run("DELETE FROM journal WHERE at < ?", to_ms(now - KEPT))
