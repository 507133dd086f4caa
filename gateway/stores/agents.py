"""Agents: the programs on machines that report their connections."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.clock import from_ms, to_ms
from gateway.stores.database import Database, StoreError
from gateway.stores.items import ItemState

MOST_AGENTS: Final = 10_000
"""As many agents as a customer may have: each new one adds a machine to the list."""
_SEEN_AT_STEP: Final = timedelta(minutes=1)
"""How exact the last question of an agent is: writing at every one would cost many waits for the disk."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What an agent says of itself.

    Attributes:
        id: Its UUID, made once on its machine.
        host: The machine's name.
        system: The operating system.
        version: The agent's version.
        addresses: The machine's addresses.

    """

    id: str
    host: str
    system: str
    version: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agent:
    """What is known of an agent.

    Attributes:
        presence: What it said of itself when it was last seen.
        item: The number of its machine.
        first_seen_at: When it first asked.
        seen_at: When it last asked, to the minute.
        behind: By how much its clock was behind the gateway's at its last delivery; None before it.
        dropped: How many intervals it has dropped undelivered since it was installed.

    """

    presence: Presence
    item: int
    first_seen_at: datetime
    seen_at: datetime
    behind: timedelta | None
    dropped: int


@dataclass(frozen=True, slots=True)
class Met:
    """The machine that an agent belongs to.

    Attributes:
        item: Its number.
        new: Whether nobody had heard of it before.

    """

    item: int
    new: bool


class Agents:
    """The store of agents. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def meet(self, customer: int, presence: Presence, now: datetime) -> Met:
        """Note that a customer's agent has asked, and give its machine, which appears as pending if it is new.

        Raises:
            StoreError: The customer has too many agents for one more.

        """
        with self._database.transaction():
            known = self.find(customer, presence.id)
            if known is not None and known.presence == presence and now - known.seen_at < _SEEN_AT_STEP:
                return Met(known.item, new=False)
            if known is None:
                self._check_room(customer)
            met = self._machine(customer, presence)
            addresses = ", ".join(presence.addresses)
            self._database.run(
                """INSERT INTO agents (customer, id, item, host, system, version, addresses, first_seen_at, seen_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
                   ON CONFLICT DO UPDATE
                   SET item = ?3, host = ?4, system = ?5, version = ?6, addresses = ?7, seen_at = ?8""",
                customer,
                presence.id,
                met.item,
                presence.host,
                presence.system,
                presence.version,
                addresses,
                to_ms(now),
            )
            self._database.run(
                "UPDATE items SET addresses = ?, system = ? WHERE id = ?", addresses, presence.system, met.item
            )
        return met

    def _check_room(self, customer: int) -> None:
        (count,) = self._database.run("SELECT count(*) FROM agents WHERE customer = ?", customer)[0]
        if count >= MOST_AGENTS:
            raise StoreError(f"There are {count} agents already. Remove machines that are no more in the console.")

    def _machine(self, customer: int, presence: Presence) -> Met:
        added = self._database.run(
            """INSERT INTO items (customer, name, addresses, system, state) VALUES (?, ?, '', '', ?)
               ON CONFLICT DO NOTHING RETURNING id""",
            customer,
            presence.host,
            ItemState.PENDING,
        )
        rows = added or self._database.run(
            "SELECT id FROM items WHERE customer = ? AND name = ?", customer, presence.host
        )
        return Met(rows[0][0], new=bool(added))

    def find(self, customer: int, agent: str) -> Agent | None:
        """Give a customer's agent of an id, if there is one."""
        rows = self._database.run(f"{_SELECT} WHERE customer = ? AND id = ?", customer, agent)
        return _agent(*rows[0]) if rows else None

    def of_item(self, item: int) -> list[Agent]:
        """Give the agents of a machine, the one that asked last first."""
        rows = self._database.run(f"{_SELECT} WHERE item = ? ORDER BY seen_at DESC, id", item)
        return [_agent(*row) for row in rows]

    def note_delivery(self, customer: int, agent: str, behind: timedelta | None, dropped: int) -> None:
        """Note what a delivery tells of an agent besides flows: its clock, and what it had to drop."""
        self._database.run(
            "UPDATE agents SET behind_ms = ?, dropped = ? WHERE customer = ? AND id = ?",
            None if behind is None else behind // timedelta(milliseconds=1),
            dropped,
            customer,
            agent,
        )


_SELECT: Final = """
    SELECT id, host, system, version, addresses, item, first_seen_at, seen_at, behind_ms, dropped FROM agents
"""


def _agent(*row: Any) -> Agent:  # noqa: ANN401 - as the columns are
    agent, host, system, version, addresses, item, first_seen_at, seen_at, behind_ms, dropped = row
    presence = Presence(agent, host, system, version, tuple(filter(None, addresses.split(", "))))
    behind = None if behind_ms is None else timedelta(milliseconds=behind_ms)
    return Agent(presence, item, from_ms(first_seen_at), from_ms(seen_at), behind, dropped)
