"""What leaves the gateway as a file: who knows the traffic knows the network."""

from datetime import datetime

from gateway.stores.audit_log import Action, Actor
from gateway.stores.stores import Stores


def note_export(stores: Stores, actor: Actor, now: datetime, action: Action, what: str) -> None:
    """Tell the audit log of an export, before anything of it is sent. Blocks."""
    stores.audit_log.add(actor, now, action, what)
