"""The audit log: who did what, when, and from where, for each customer. No entry contains a secret."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from gateway.clock import from_ms, to_ms
from gateway.stores.accounts import User
from gateway.stores.database import Database
from gateway.stores.tokens import SubscriptionToken

KEPT: Final = timedelta(days=400)
"""How long an entry is kept: a year, and some time to look back at it."""
LONGEST_SUBJECT: Final = 4000
"""The most characters of an entry's subject: enough for a search with the most terms."""
_LONGEST: Final = 300
_PART: Final = 1000


class Action(StrEnum):
    """An action. Codes are stored and never change; people read the words."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    GOT_AUTH_TOKEN = "auth_token_got"  # noqa: S105 - no secret
    CHANGED_PASSWORD = "password_changed"  # noqa: S105 - no secret
    ADDED_USER = "user_added"
    CHANGED_ROLE = "role_changed"
    REMOVED_USER = "user_removed"
    RESET_PASSWORD = "password_reset"  # noqa: S105 - no secret
    MADE_TOKEN = "token_made"  # noqa: S105 - no secret
    REVOKED_TOKEN = "token_revoked"  # noqa: S105 - no secret
    SAVED_DEPLOYMENT = "deployment_saved"
    REMOVED_DEPLOYMENT = "deployment_removed"
    DOWNLOADED_SCRIPTS = "scripts_downloaded"
    REPORTED_MACHINE = "machine_reported"
    SAVED_MACHINE = "machine_saved"
    REMOVED_MACHINE = "machine_removed"
    ACCEPTED_AGENT = "agent_accepted"
    REFUSED_AGENT = "agent_refused"
    IMPORTED_BLUEPRINT = "blueprint_imported"
    SAVED_BLUEPRINT = "blueprint_saved"
    REMOVED_BLUEPRINT = "blueprint_removed"
    BEGAN_ERASURE = "erasure_begun"
    ERASED_RECORDS = "records_erased"
    SET_RETENTION = "retention_set"
    MADE_HOLD = "hold_made"
    LIFTED_HOLD = "hold_lifted"
    EXPORTED_TRAFFIC = "traffic_exported"
    EXPORTED_AUDIT_LOG = "audit_log_exported"
    REGISTERED = "subscription_registered"
    UPDATED_REGISTRATION = "registration_updated"
    DEREGISTERED = "subscription_deregistered"

    @property
    def words(self) -> str:
        """The text after the actor's name."""
        return _WORDS[self]


_WORDS: Final = {
    Action.SIGNED_IN: "signed in",
    Action.SIGN_IN_REFUSED: "failed to sign in",
    Action.GOT_AUTH_TOKEN: "got an auth token",
    Action.CHANGED_PASSWORD: "changed the password",
    Action.ADDED_USER: "added a user",
    Action.CHANGED_ROLE: "changed a user's role",
    Action.REMOVED_USER: "removed a user",
    Action.RESET_PASSWORD: "gave a user a new one-time password",
    Action.MADE_TOKEN: "created a subscription token",
    Action.REVOKED_TOKEN: "revoked a subscription token",
    Action.SAVED_DEPLOYMENT: "saved a deployment",
    Action.REMOVED_DEPLOYMENT: "removed a deployment",
    Action.DOWNLOADED_SCRIPTS: "downloaded the scripts of a deployment",
    Action.REPORTED_MACHINE: "reported a new machine",
    Action.SAVED_MACHINE: "saved a machine",
    Action.REMOVED_MACHINE: "removed a machine",
    Action.ACCEPTED_AGENT: "accepted an agent",
    Action.REFUSED_AGENT: "refused an agent",
    Action.IMPORTED_BLUEPRINT: "imported a blueprint",
    Action.SAVED_BLUEPRINT: "saved a blueprint",
    Action.REMOVED_BLUEPRINT: "removed a blueprint",
    Action.BEGAN_ERASURE: "began to erase records",
    Action.ERASED_RECORDS: "erased records",
    Action.SET_RETENTION: "set the retention",
    Action.MADE_HOLD: "created a hold",
    Action.LIFTED_HOLD: "lifted a hold",
    Action.EXPORTED_TRAFFIC: "exported traffic",
    Action.EXPORTED_AUDIT_LOG: "exported the audit log",
    Action.REGISTERED: "registered a subscription",
    Action.UPDATED_REGISTRATION: "updated a subscription's registration",
    Action.DEREGISTERED: "removed a subscription's registration",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """The actor of an action.

    Attributes:
        customer: The number of the customer whose data is changed.
        name: A user's name, or a token's.
        address: Where the request came from; for IPv6, the /64 network; empty for the command line.
    """

    customer: int
    name: str
    address: str = ""

    @classmethod
    def user(cls, user: User, address: str) -> Self:
        """Return the actor for a user who has signed in."""
        return cls(user.customer, user.name, address)

    @classmethod
    def token(cls, token: SubscriptionToken, address: str) -> Self:
        """Return the actor for a request with a token."""
        return cls(token.customer, token.name, address)

    @classmethod
    def command_line(cls, customer: int) -> Self:
        """Return the actor for the gateway's operator."""
        return cls(customer, "the command line")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a log.

    Attributes:
        number: Increases with every entry.
        at: When.
        who: The name of the user or token.
        address: Where from, as in `Actor`.
        action: The action.
        subject: What it was done to; may be empty.
    """

    number: int
    at: datetime
    who: str
    address: str
    action: Action
    subject: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of entries; a part that is None or empty matches all.

    Attributes:
        who: Part of the actor's name or address, ignoring case.
        action: What was done.
        subject: Part of the subject, ignoring case.
        start: The earliest time.
        end: The time that all entries are before.
    """

    who: str = ""
    action: Action | None = None
    subject: str = ""
    start: datetime | None = None
    end: datetime | None = None


EVERYTHING: Final = Filter()


class AuditLog:
    """The store of entries. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, actor: Actor, now: datetime, action: Action, subject: str = "") -> None:
        """Write an entry, in the transaction of the change, so that neither exists without the other."""
        self._database.run(
            "INSERT INTO audit_log (customer, at, who, address, action, subject) VALUES (?, ?, ?, ?, ?, ?)",
            actor.customer,
            to_ms(now),
            actor.name[:_LONGEST],
            actor.address[:_LONGEST],
            action,
            subject[:LONGEST_SUBJECT],
        )

    def add_none(self) -> None:
        """Take as long as writing an entry, without leaving one."""
        self._database.run("UPDATE signing_key SET key = key")

    def page(
        self, customer: int, before: int | None = None, size: int = 50, wanted: Filter = EVERYTHING
    ) -> list[Entry]:
        """Return a customer's entries, the newest first.

        Args:
            customer: The customer's number.
            before: The number of the entry before which to start; None for the newest.
            size: The most entries.
            wanted: The filter.
        """
        conditions, parameters = ["customer = ?"], [customer]
        for condition, *values in _conditions(wanted, before):
            conditions.append(condition)
            parameters += values
        rows = self._database.run(
            f"""SELECT id, at, who, address, action, subject FROM audit_log
                WHERE {" AND ".join(conditions)} ORDER BY id DESC LIMIT ?""",  # noqa: S608 - conditions of ours
            *parameters,
            size,
        )
        return [
            Entry(number, from_ms(at), who, address, Action(action), subject)
            for number, at, who, address, action, subject in rows
        ]

    def every(self, customer: int, wanted: Filter = EVERYTHING) -> Iterator[Entry]:
        """Return all of a customer's entries, the newest first, without holding them all in memory."""
        before = None
        while found := self.page(customer, before, _PART, wanted):
            yield from found
            before = found[-1].number

    def forget(self, now: datetime) -> None:
        """Remove expired entries."""
        self._database.run("DELETE FROM audit_log WHERE at < ?", to_ms(now - KEPT))


def _conditions(wanted: Filter, before: int | None) -> Iterator[tuple[Any, ...]]:
    """Return conditions in SQL, each with its parameters."""
    if before is not None:
        yield "id < ?", before
    if wanted.who:
        pattern = _anywhere(wanted.who)
        yield "(lower(who) LIKE ? ESCAPE '!' OR address LIKE ? ESCAPE '!')", pattern, pattern
    if wanted.action is not None:
        yield "action = ?", wanted.action
    if wanted.subject:
        yield "lower(subject) LIKE ? ESCAPE '!'", _anywhere(wanted.subject)
    if wanted.start is not None:
        yield "at >= ?", to_ms(wanted.start)
    if wanted.end is not None:
        yield "at < ?", to_ms(wanted.end)


def _anywhere(text: str) -> str:
    """Return a pattern that matches everything that contains a text."""
    lowered = text.lower()
    for special in "!%_":
        lowered = lowered.replace(special, f"!{special}")
    return f"%{lowered}%"
