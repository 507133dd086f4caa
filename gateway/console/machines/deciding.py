"""What an administrator says of an agent on a machine, with its entry in the audit log."""

from datetime import datetime
from typing import Final

from gateway.stores.accounts import User
from gateway.stores.agents import Agent, Standing
from gateway.stores.audit_log import Action
from gateway.stores.items import Item
from gateway.stores.stores import Stores

_ACTIONS: Final = {Standing.ACCEPTED: Action.ACCEPTED_AGENT, Standing.REFUSED: Action.REFUSED_AGENT}


def decide(stores: Stores, user: User, item: Item, agent: str, standing: Standing, now: datetime) -> Agent | None:
    """Accept or refuse the agent of an id on a machine. Blocks.

    Returns: The agent; None if it does not say any more that it is on this machine, and nothing was changed.

    """
    with stores.database.transaction():
        decided = stores.agents.decide(user.customer, item.number, agent, standing)
        if decided is not None:
            what = f"{agent} on {item.name}" + (f", from {decided.peer}" if decided.peer else "")
            stores.audit_log.add(user.customer, now, user.name, _ACTIONS[standing], what)
    return decided
