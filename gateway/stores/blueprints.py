"""Blueprints: what agents collect, applied to machines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.clock import from_ms, to_ms
from gateway.stores.changes import Changes
from gateway.stores.database import Database
from gateway.stores.errors import ChangedError, GoneError, TakenError


@dataclass(frozen=True, slots=True)
class NewBlueprint:
    """What a blueprint says.

    Attributes:
        name: Unique for each customer.
        description: What it is for, in its author's words.
        interval_seconds: How often an agent delivers.
        xml: Its file, as imported, or as written for what was entered in the console.
    """

    name: str
    description: str
    interval_seconds: int
    xml: str


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A blueprint of a customer.

    Attributes:
        number: Its number, which stays when it is imported again or edited.
        content: What it says.
        saved_at: When it was last imported or edited.
        items: The number of machines it is applied to.
    """

    number: int
    content: NewBlueprint
    saved_at: datetime
    items: int

    @property
    def mark(self) -> str:
        """A value that distinguishes it from earlier and later versions under its number."""
        return str(to_ms(self.saved_at))


class Blueprints:
    """The store of blueprints. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    def put(self, customer: int, blueprint: NewBlueprint, now: datetime) -> int:
        """Import a blueprint, replacing the customer's one with the same name; return its number."""
        rows = self._database.run(
            """INSERT INTO blueprints (customer, name, description, interval_seconds, xml, imported_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE
               SET description = ?3, interval_seconds = ?4, xml = ?5, imported_at = ?6 RETURNING id""",
            customer,
            blueprint.name,
            blueprint.description,
            blueprint.interval_seconds,
            blueprint.xml,
            to_ms(now),
        )
        self._changes.tell(customer)
        return int(rows[0][0])

    def add(self, customer: int, blueprint: NewBlueprint, now: datetime) -> int:
        """Add a blueprint, and return its number.

        Raises:
            TakenError: The customer already has one with this name.
        """
        with self._database.transaction():
            self._require_free(customer, blueprint.name)
            return self.put(customer, blueprint, now)

    def replace(self, customer: int, number: int, blueprint: NewBlueprint, now: datetime, seen: str) -> None:
        """Replace what a blueprint says; it stays applied to its machines.

        Args:
            customer: Whose it is.
            number: Its number.
            blueprint: What it says from now on.
            now: The present moment.
            seen: The `Blueprint.mark` of the one to replace.

        Raises:
            GoneError: There is none with this number.
            ChangedError: Somebody has changed it since.
            TakenError: The customer already has another one with this name.
        """
        with self._database.transaction():
            stored = self.find(customer, number)
            if stored is None:
                raise GoneError("This blueprint no longer exists.")
            if stored.mark != seen:
                raise ChangedError(
                    f"Somebody else has changed {stored.content.name} in the meantime. Open it again, and make your "
                    "change there."
                )
            if blueprint.name != stored.content.name:
                self._require_free(customer, blueprint.name)
            self._database.run(
                """UPDATE blueprints SET name = ?, description = ?, interval_seconds = ?, xml = ?, imported_at = ?
                   WHERE id = ?""",
                blueprint.name,
                blueprint.description,
                blueprint.interval_seconds,
                blueprint.xml,
                to_ms(now),
                number,
            )
        self._changes.tell(customer)

    def _require_free(self, customer: int, name: str) -> None:
        if self._database.run("SELECT 1 FROM blueprints WHERE customer = ? AND name = ?", customer, name):
            raise TakenError(f"There is already a blueprint {name}. Choose another name.")

    def all(self, customer: int) -> list[Blueprint]:
        """Return a customer's blueprints by name."""
        return [_blueprint(*row) for row in self._database.run(f"{_SELECT} WHERE customer = ? ORDER BY name", customer)]

    def find(self, customer: int, number: int) -> Blueprint | None:
        """Return a customer's blueprint with a number, if there is one."""
        rows = self._database.run(f"{_SELECT} WHERE customer = ? AND id = ?", customer, number)
        return _blueprint(*rows[0]) if rows else None

    def applied(self, item: int) -> set[int]:
        """Return the numbers of the blueprints that are applied to a machine."""
        return {number for (number,) in self._database.run("SELECT blueprint FROM applied WHERE item = ?", item)}

    def interval(self, item: int) -> int | None:
        """Return how often the agents of a machine deliver, in seconds: the shortest interval of its blueprints.

        Return None if no blueprint is applied, so that nothing is collected.
        """
        rows = self._database.run(
            """SELECT min(interval_seconds) FROM blueprints JOIN applied ON blueprint = blueprints.id
               WHERE item = ?""",
            item,
        )
        interval: int | None = rows[0][0]
        return interval

    def ended_at(self, item: int) -> datetime | None:
        """Return when the last blueprint of a machine was removed; None if one is applied, or none ever was."""
        rows = self._database.run(
            """SELECT ended_at FROM collected WHERE item = ?1 AND NOT EXISTS (SELECT 1 FROM applied WHERE item = ?1)""",
            item,
        )
        return from_ms(rows[0][0]) if rows else None

    def remove(self, customer: int, number: int, now: datetime) -> str | None:
        """Remove a blueprint, also from its machines; return its name, or None if there is no such blueprint."""
        with self._database.transaction():
            items = self._database.run("SELECT item FROM applied WHERE blueprint = ?", number)
            rows = self._database.run(
                "DELETE FROM blueprints WHERE customer = ? AND id = ? RETURNING name", customer, number
            )
            for (item,) in items if rows else ():
                note_end(self._database, item, now)
        self._changes.tell(customer)
        return rows[0][0] if rows else None


def note_end(database: Database, item: int, now: datetime) -> None:
    """Record the time if a machine's last blueprint has just been removed."""
    database.run(
        """INSERT INTO collected (item, ended_at)
           SELECT id, ?2 FROM items WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM applied WHERE item = ?1)
           ON CONFLICT (item) DO UPDATE SET ended_at = ?2""",
        item,
        to_ms(now),
    )


_SELECT: Final = """
    SELECT id, name, description, interval_seconds, xml, imported_at,
        (SELECT count(*) FROM applied WHERE blueprint = blueprints.id)
    FROM blueprints
"""


def _blueprint(*row: Any) -> Blueprint:  # noqa: ANN401 - as the columns are
    number, name, description, interval_seconds, xml, imported_at, items = row
    return Blueprint(number, NewBlueprint(name, description, interval_seconds, xml), from_ms(imported_at), items)
