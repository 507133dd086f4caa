"""Agents: the programs on machines that report their connections."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from gateway.clock import from_ms, to_ms
from gateway.stores.changes import Changes
from gateway.stores.database import Database
from gateway.stores.items import ItemState
from gateway.stores.room import require_room_for_agent, require_room_for_machine

_SEEN_AT_STEP: Final = timedelta(minutes=1)
"""The precision of an agent's last poll: writing at every poll would cost many waits for the disk."""


class Standing(StrEnum):
    """An administrator's decision about an agent on a machine."""

    PENDING = "pending"
    """No decision yet: it collects nothing, and nothing from it is accepted."""
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    """What an agent says about itself.

    Attributes:
        id: Its UUID, created once on its machine.
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
    """What is known about an agent.

    Attributes:
        identity: What it said about itself when it was last seen.
        peer: The address that it then polled from; empty if unknown.
        item: The number of the machine that it says it is on.
        standing: An administrator's decision about it on this machine.
        first_seen_at: When it first polled.
        seen_at: When it last polled, to the minute.
        behind: By how much its clock was behind the gateway's at its last delivery; None before the first one.
        dropped: How many intervals it has dropped undelivered since it was installed.
    """

    identity: AgentIdentity
    peer: str
    item: int
    standing: Standing
    first_seen_at: datetime
    seen_at: datetime
    behind: timedelta | None
    dropped: int


@dataclass(frozen=True, slots=True)
class Registered:
    """The machine that an agent belongs to.

    Attributes:
        item: Its number.
        new: Whether it was unknown before.
    """

    item: int
    new: bool


class Agents:
    """The store of agents. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    def register(self, customer: int, identity: AgentIdentity, now: datetime, peer: str = "") -> Registered:
        """Record an agent's poll, and return its machine, which is added as pending if it is new.

        Args:
            customer: The number of the customer.
            identity: What the agent says about itself.
            now: The time.
            peer: The address that it polls from, if known.

        Raises:
            FullError: The customer has reached the limit of agents, or of machines waiting for acceptance.
        """
        with self._database.transaction():
            known = self.find(customer, identity.id)
            same = known is not None and (known.identity, known.peer) == (identity, peer)
            if known is not None and same and now - known.seen_at < _SEEN_AT_STEP:
                return Registered(known.item, new=False)
            if known is None:
                require_room_for_agent(self._database, customer, now)
            registered = self._machine(customer, identity)
            addresses = ", ".join(identity.addresses)
            self._database.run(
                """INSERT INTO agents
                       (customer, id, item, host, system, version, addresses, peer, first_seen_at, seen_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
                   ON CONFLICT DO UPDATE
                   SET item = ?3, host = ?4, system = ?5, version = ?6, addresses = ?7, peer = ?8, seen_at = ?9""",
                customer,
                identity.id,
                registered.item,
                identity.host,
                identity.system,
                identity.version,
                addresses,
                peer,
                to_ms(now),
            )
            self._describe(registered.item, identity)
        return registered

    def _describe(self, item: int, identity: AgentIdentity) -> None:
        """Update a machine with what an agent says about it. Only accepted agents may describe an accepted machine."""
        standing = self.standing(item, identity.id)
        if standing is not Standing.REFUSED:
            self._database.run(
                "UPDATE items SET addresses = ?, system = ? WHERE id = ? AND state IN (?, ?)",
                ", ".join(identity.addresses),
                identity.system,
                item,
                ItemState.PENDING,
                ItemState.ACCEPTED if standing is Standing.ACCEPTED else ItemState.PENDING,
            )

    def _machine(self, customer: int, identity: AgentIdentity) -> Registered:
        known = self._database.run("SELECT id FROM items WHERE customer = ? AND name = ?", customer, identity.host)
        if known:
            return Registered(known[0][0], new=False)
        require_room_for_machine(self._database, customer)
        added = self._database.run(
            "INSERT INTO items (customer, name, addresses, system, state) VALUES (?, ?, '', '', ?) RETURNING id",
            customer,
            identity.host,
            ItemState.PENDING,
        )
        return Registered(added[0][0], new=True)

    def find(self, customer: int, agent: str) -> Agent | None:
        """Return a customer's agent with an id, if there is one."""
        rows = self._database.run(f"{_SELECT} WHERE customer = ? AND id = ?", customer, agent)
        return _agent(*rows[0]) if rows else None

    def standing(self, item: int, agent: str) -> Standing:
        """Return an administrator's decision about an agent on a machine."""
        rows = self._database.run("SELECT standing FROM agent_decisions WHERE item = ? AND agent = ?", item, agent)
        return Standing(rows[0][0]) if rows else Standing.PENDING

    def decide(self, customer: int, item: int, agent: str, standing: Standing) -> Agent | None:
        """Accept or refuse an agent on a machine, and no other that has polled in the meantime.

        Accepting an agent also accepts its machine.

        Returns: The agent; None if it no longer says that it is on this machine, in which case nothing was changed.
        """
        with self._database.transaction():
            known = self.find(customer, agent)
            if known is None or known.item != item:
                return None
            self._database.run(
                """INSERT INTO agent_decisions (item, agent, standing) VALUES (?1, ?2, ?3)
                   ON CONFLICT (item, agent) DO UPDATE SET standing = ?3""",
                item,
                agent,
                standing,
            )
            if standing is Standing.ACCEPTED:
                self._database.run("UPDATE items SET state = ? WHERE id = ?", ItemState.ACCEPTED, item)
                self._describe(item, known.identity)
            decided = self.find(customer, agent)
        self._changes.tell(customer)
        return decided

    def of_item(self, item: int) -> list[Agent]:
        """Return the agents that say they are on a machine: first the accepted, then the waiting, then the refused
        ones.

        Within these groups, the one that polled last comes first.
        """
        rows = self._database.run(f"{_SELECT} WHERE agents.item = ? ORDER BY said, seen_at DESC, id", item)
        return [_agent(*row) for row in rows]

    def note_delivery(self, customer: int, agent: str, behind: timedelta | None, dropped: int) -> None:
        """Record what a delivery says about an agent besides flows: its clock, and what it had to drop."""
        self._database.run(
            "UPDATE agents SET behind_ms = ?, dropped = ? WHERE customer = ? AND id = ?",
            None if behind is None else behind // timedelta(milliseconds=1),
            dropped,
            customer,
            agent,
        )


_SELECT: Final = """
    SELECT id, host, system, version, addresses, peer, agents.item, coalesce(standing, 'pending') AS said,
        first_seen_at, seen_at, behind_ms, dropped
    FROM agents LEFT JOIN agent_decisions ON agent_decisions.item = agents.item AND agent = id
"""


def _agent(*row: Any) -> Agent:  # noqa: ANN401 - as the columns are
    agent, host, system, version, addresses, peer, item, standing, first_seen_at, seen_at, behind_ms, dropped = row
    identity = AgentIdentity(agent, host, system, version, tuple(filter(None, addresses.split(", "))))
    behind = None if behind_ms is None else timedelta(milliseconds=behind_ms)
    seen = from_ms(first_seen_at), from_ms(seen_at)
    return Agent(identity, peer, item, Standing(standing), *seen, behind, dropped)
