"""Add, save and remove machines, and accept or refuse their agents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.stores.agents import AgentIdentity, Registered, Standing
from gateway.stores.audit_log import Action, Actor
from gateway.stores.errors import GoneError
from gateway.stores.items import Item
from gateway.stores.stores import Stores

_DECISIONS: Final = {Standing.ACCEPTED: Action.ACCEPTED_AGENT, Standing.REFUSED: Action.REFUSED_AGENT}


@dataclass(frozen=True, slots=True)
class MachineChange:
    """A change to a machine. Saving one also accepts the machine.

    Attributes:
        apply: The numbers of the blueprints to apply. remove: The numbers of the blueprints to remove.
        agent: The id of the agent to accept with it; empty for none.
    """

    apply: Sequence[int]
    remove: Sequence[int]
    agent: str = ""


def add_machine(stores: Stores, actor: Actor, now: datetime, name: str, addresses: Sequence[str], system: str) -> int:
    """Add a machine by hand, and return its number. Blocks.

    Raises:
        TakenError: The customer already has one with this name.
    """
    with stores.database.transaction():
        number = stores.items.add(actor.customer, name, addresses, system)
        stores.audit_log.add(actor, now, Action.SAVED_MACHINE, name)
    return number


def save_machine(stores: Stores, actor: Actor, now: datetime, item: Item, change: MachineChange) -> None:
    """Apply blueprints to a machine, and accept it. Blocks.

    Raises:
        GoneError: This machine no longer exists.
    """
    with stores.database.transaction():
        saved = stores.items.save(actor.customer, item.number, change.apply, change.remove, now)
        what = f"{saved.name}: {', '.join(saved.blueprints) or 'no blueprint'}"
        stores.audit_log.add(actor, now, Action.SAVED_MACHINE, what)
        if change.agent:
            _decide(stores, actor, now, item, change.agent, Standing.ACCEPTED)


def remove_machine(stores: Stores, actor: Actor, now: datetime, item: Item) -> None:
    """Remove a machine. Blocks.

    Raises:
        GoneError: This machine no longer exists.
    """
    with stores.database.transaction():
        if stores.items.remove(actor.customer, item.number) is None:
            raise GoneError("There is no such machine. It may have been removed in the meantime.")
        stores.audit_log.add(actor, now, Action.REMOVED_MACHINE, item.name)


def decide_on_agent(stores: Stores, actor: Actor, now: datetime, item: Item, agent: str, standing: Standing) -> None:
    """Accept or refuse an agent on a machine. Blocks.

    Raises:
        GoneError: The agent no longer says that it is on this machine.
    """
    with stores.database.transaction():
        if not _decide(stores, actor, now, item, agent, standing):
            raise GoneError("There is no such agent on this machine. It may be on another machine now.")


def register_agent(stores: Stores, actor: Actor, now: datetime, said: AgentIdentity, peer: str) -> Registered:
    """Record that an agent polled, and who it says it is. Blocks.

    Raises:
        FullError: The customer has reached the limit of agents, or of machines waiting for acceptance.
    """
    with stores.database.transaction():
        registered = stores.agents.register(actor.customer, said, now, peer)
        if registered.new:
            stores.audit_log.add(actor, now, Action.REPORTED_MACHINE, said.host)
    return registered


def _decide(stores: Stores, actor: Actor, now: datetime, item: Item, agent: str, standing: Standing) -> bool:
    former = stores.agents.standing(item.number, agent)
    decided = stores.agents.decide(actor.customer, item.number, agent, standing)
    if decided is not None:
        if former is Standing.ACCEPTED and standing is Standing.REFUSED:
            stores.items.note_stop(item.number, now)
        what = f"{agent} on {item.name}" + (f", from {decided.peer}" if decided.peer else "")
        stores.audit_log.add(actor, now, _DECISIONS[standing], what)
    return decided is not None
