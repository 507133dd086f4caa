"""Exports: data that leaves the gateway as a file."""

from datetime import datetime

from gateway.stores.audit_log import Action, Actor
from gateway.stores.stores import Stores


def note_export(stores: Stores, actor: Actor, now: datetime, action: Action, what: str) -> None:
    """Record an export in the audit log, before any of it is sent. Blocks."""
    stores.audit_log.add(actor, now, action, what)
