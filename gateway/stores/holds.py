"""Holds: records that are kept regardless of age, and are not erased, until the hold is lifted."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from gateway.clock import from_ms, to_ms
from gateway.stores.database import Database
from gateway.stores.errors import FullError

MOST_HOLDS: Final = 50
"""The most holds that a customer may have in force: all of them are checked whenever records are deleted."""
_COLUMNS: Final = "id, search, begins_at, ends_at, reason, owner, made_at, lifted_at"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold: which records are kept, and why.

    Attributes:
        number: Its number.
        search: The search that finds the records.
        begins_at: The earliest time of the records.
        ends_at: The time that all of them are before.
        reason: Why, in its creator's words.
        owner: The user who created it.
        made_at: When.
        lifted_at: When it was lifted; None while it is in force.
    """

    number: int
    search: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    owner: str
    made_at: datetime
    lifted_at: datetime | None = None

    def __str__(self) -> str:
        """Return how error messages name it."""
        return f"hold {self.number} of {self.owner} ({self.reason})"


@dataclass(frozen=True, slots=True)
class NewHold:
    """A hold to create.

    Attributes:
        search: The search that finds the records.
        first: The first day of the records, in UTC.
        last: The last one.
        reason: Why, in its creator's words.
    """

    search: str
    first: date
    last: date
    reason: str

    @property
    def begins_at(self) -> datetime:
        """The earliest time of the records."""
        return datetime.combine(self.first, time(tzinfo=UTC))

    @property
    def ends_at(self) -> datetime:
        """The time that all of them are before."""
        return datetime.combine(self.last, time(tzinfo=UTC)) + timedelta(days=1)


class Holds:
    """The store of holds. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, customer: int, search: str, begins_at: datetime, ends_at: datetime, reason: str, owner: str, now: datetime
    ) -> int:
        """Create a hold on a customer's records, and return its number.

        Raises:
            FullError: The customer has reached the limit of holds in force.
        """
        with self._database.transaction():
            if len(self.in_force(customer)) >= MOST_HOLDS:
                raise FullError(f"There are already {MOST_HOLDS} holds in force. Lift one that is no longer needed.")
            ((number,),) = self._database.run("SELECT coalesce(max(id), 0) + 1 FROM holds")
            self._database.run(
                """INSERT INTO holds (id, customer, search, begins_at, ends_at, reason, owner, made_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
                number,
                customer,
                search,
                to_ms(begins_at),
                to_ms(ends_at),
                reason,
                owner,
                to_ms(now),
            )
        return int(number)

    def lift(self, customer: int, number: int, now: datetime) -> bool:
        """Lift a customer's hold; return whether there was one in force."""
        return bool(
            self._database.run(
                "UPDATE holds SET lifted_at = ? WHERE customer = ? AND id = ? AND lifted_at IS NULL RETURNING id",
                to_ms(now),
                customer,
                number,
            )
        )

    def all(self, customer: int) -> list[Hold]:
        """Return a customer's holds, those in force first, then by age, newest first."""
        rows = self._database.run(
            f"SELECT {_COLUMNS} FROM holds WHERE customer = ? ORDER BY lifted_at IS NOT NULL, id DESC",  # noqa: S608
            customer,
        )
        return [_hold(*row) for row in rows]

    def in_force(self, customer: int) -> list[Hold]:
        """Return the holds of a customer that have not been lifted."""
        return [hold for hold in self.all(customer) if hold.lifted_at is None]


def _hold(number: int, search: str, begins_at: int, ends_at: int, reason: str, owner: str, *times: Any) -> Hold:  # noqa: ANN401
    made_at, lifted_at = (None if each is None else from_ms(each) for each in times)
    assert made_at is not None  # noqa: S101 - as the schema has it
    return Hold(number, search, from_ms(begins_at), from_ms(ends_at), reason, owner, made_at, lifted_at)
