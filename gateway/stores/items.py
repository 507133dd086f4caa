"""Configuration items: a customer's machines, as their agents report them or as they are entered by hand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import islice
from typing import Any, Final

import orjson

from gateway.clock import from_ms, to_ms
from gateway.stores.blueprints import note_end
from gateway.stores.changes import Changes
from gateway.stores.database import Database
from gateway.stores.errors import GoneError, TakenError


class ItemState(StrEnum):
    """Whether an administrator has accepted the machine."""

    PENDING = "pending"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Item:
    """A machine.

    Attributes:
        number: Its number.
        name: Its host name, by which agents are matched to it, ignoring case.
        addresses: Its addresses, as its agent last reported them or as they were entered.
        system: Its operating system, likewise.
        state: Whether an administrator has accepted it.
        seen_at: When an agent on it last polled (for an accepted machine, an accepted agent); None if none has yet.
        waiting: How many agents say that they are on it and are neither accepted nor refused.
        blueprints: The names of the blueprints that are applied to it.
        collects: Whether an accepted agent on it is asked for what it sees, as a blueprint is applied.
        ended_at: When it last stopped collecting; None if it never did, or nobody recorded it.
    """

    number: int
    name: str
    addresses: tuple[str, ...]
    system: str
    state: ItemState
    seen_at: datetime | None
    waiting: int
    blueprints: tuple[str, ...]
    collects: bool
    ended_at: datetime | None


type Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which machines to list: those that match all parts, ignoring case.

    Attributes:
        name: Part of the name.
        address: Part of an address, or a network that contains one.
        system: Part of the operating system's name.
        state: The state; None for any.
    """

    name: str = ""
    address: str | Network = ""
    system: str = ""
    state: ItemState | None = None


class Items:
    """The store of machines. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    def add(self, customer: int, name: str, addresses: Iterable[str], system: str) -> int:
        """Add a machine by hand, and return its number.

        Raises:
            TakenError: The customer already has a machine with this name.
        """
        rows = self._database.run(
            """INSERT INTO items (customer, name, addresses, system, state) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT DO NOTHING RETURNING id""",
            customer,
            name,
            ", ".join(addresses),
            system,
            ItemState.ACCEPTED,
        )
        if not rows:
            raise TakenError(f"There is already a machine {name}. Open it in the list, or choose another name.")
        return int(rows[0][0])

    def page(self, customer: int, wanted: ItemFilter, size: int) -> list[Item]:
        """Return a customer's machines by name, up to a number."""
        if not isinstance(wanted.address, str):
            return self._page_within(customer, replace(wanted, address=""), size, wanted.address)
        rows = self._database.run(
            f"{_SELECT} WHERE {_MATCHES} ORDER BY name LIMIT ?", customer, *_matched(wanted), size
        )
        return [_item(*row) for row in rows]

    def _page_within(self, customer: int, wanted: ItemFilter, size: int, network: Network) -> list[Item]:
        # Compared here, as the file knows addresses only as text, and by two statements, so that others run in between.
        found = self._database.run(
            f"SELECT id, addresses FROM items WHERE {_MATCHES} ORDER BY name",  # noqa: S608 - words of ours
            customer,
            *_matched(wanted),
        )
        within = (
            number for number, addresses in found if any(ip_address(each) in network for each in _split(addresses))
        )
        rows = self._database.run(
            f"{_SELECT} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY name",  # noqa: S608 - likewise
            orjson.dumps(list(islice(within, size))).decode(),
        )
        return [_item(*row) for row in rows]

    def find(self, customer: int, number: int) -> Item | None:
        """Return a customer's machine with a number, if there is one."""
        rows = self._database.run(f"{_SELECT} WHERE customer = ? AND id = ?", customer, number)
        return _item(*rows[0]) if rows else None

    def save(self, customer: int, number: int, applied: Iterable[int], removed: Iterable[int], now: datetime) -> Item:
        """Accept a machine, apply blueprints to it and remove others; blueprints that are not named stay as they are.

        Raises:
            GoneError: There is no such machine.
        """
        with self._database.transaction():
            accepted = self._database.run(
                "UPDATE items SET state = ? WHERE customer = ? AND id = ? RETURNING 1",
                ItemState.ACCEPTED,
                customer,
                number,
            )
            if not accepted:
                raise GoneError("This machine no longer exists.")
            gone = [
                self._database.run(
                    "DELETE FROM applied WHERE item = ? AND blueprint = ? RETURNING blueprint", number, each
                )
                for each in removed
            ]
            for blueprint in applied:
                self._database.run(
                    """INSERT INTO applied SELECT ?, id FROM blueprints WHERE customer = ? AND id = ?
                       ON CONFLICT DO NOTHING""",
                    number,
                    customer,
                    blueprint,
                )
            if any(gone):
                note_end(self._database, number, now)
            (row,) = self._database.run(f"{_SELECT} WHERE id = ?", number)
        self._changes.tell(customer)
        return _item(*row)

    def note_stop(self, number: int, now: datetime) -> None:
        """Record the time if a machine with a blueprint has just lost its last accepted agent."""
        self._database.run(
            f"""INSERT INTO collected (item, ended_at)
                SELECT id, ?2 FROM items
                WHERE id = ?1 AND NOT {COLLECTS} AND EXISTS (SELECT 1 FROM applied WHERE item = ?1)
                ON CONFLICT (item) DO UPDATE SET ended_at = ?2""",  # noqa: S608 - words of ours
            number,
            to_ms(now),
        )

    def remove(self, customer: int, number: int) -> str | None:
        """Remove a machine with its agents and their answers; return its name, or None if there is no such machine."""
        rows = self._database.run("DELETE FROM items WHERE customer = ? AND id = ? RETURNING name", customer, number)
        self._changes.tell(customer)
        return rows[0][0] if rows else None


_MATCHES: Final = """customer = ? AND instr(lower(name), lower(?)) AND instr(addresses, lower(?))
    AND instr(lower(system), lower(?)) AND state = coalesce(?, state)"""


def _matched(wanted: ItemFilter) -> tuple[object, ...]:
    return wanted.name, wanted.address, wanted.system, wanted.state


def _split(addresses: str) -> Iterator[str]:
    return filter(None, addresses.split(", "))


COLLECTS: Final = """(EXISTS (SELECT 1 FROM applied WHERE item = items.id) AND EXISTS (
    SELECT 1 FROM agents JOIN agent_decisions ON agent_decisions.item = agents.item AND agent = agents.id
    WHERE agents.item = items.id AND standing = 'accepted'))"""
"""Whether a machine collects, in SQL: a blueprint is applied to it, and an agent on it is accepted."""
SEEN_AT: Final = """(SELECT max(seen_at) FROM agents WHERE item = items.id AND (items.state = 'pending' OR EXISTS (
            SELECT 1 FROM agent_decisions WHERE item = items.id AND agent = agents.id AND standing = 'accepted')))"""
"""When an agent on a machine last polled, in SQL; for an accepted machine, only accepted agents count."""
_SELECT: Final = f"""
    SELECT id, name, addresses, system, state,
        {SEEN_AT},
        (SELECT count(*) FROM agents WHERE item = items.id AND NOT EXISTS (
            SELECT 1 FROM agent_decisions WHERE item = items.id AND agent = agents.id)),
        (SELECT json_group_array(blueprints.name) FROM blueprints JOIN applied ON blueprint = blueprints.id
         WHERE item = items.id),
        {COLLECTS}, (SELECT ended_at FROM collected WHERE item = items.id)
    FROM items
"""  # noqa: S608 - words of ours


def _item(*row: Any) -> Item:  # noqa: ANN401 - as the columns are
    number, name, addresses, system, state, seen_at, waiting, blueprints, collects, ended_at = row
    return Item(
        number,
        name,
        tuple(_split(addresses)),
        system,
        ItemState(state),
        None if seen_at is None else from_ms(seen_at),
        waiting,
        tuple(sorted(orjson.loads(blueprints))),
        bool(collects),
        None if ended_at is None else from_ms(ended_at),
    )
