"""Create and revoke subscription tokens."""

from datetime import datetime, timedelta

from gateway.stores.audit_log import Action, Actor
from gateway.stores.errors import GoneError
from gateway.stores.stores import Stores
from gateway.stores.tokens import SubscriptionToken, TokenKind


def make_token(
    stores: Stores, actor: Actor, now: datetime, kind: TokenKind, life: timedelta, purpose: str
) -> tuple[str, SubscriptionToken]:
    """Create a subscription token; return it, to be shown only once, and its details. Blocks."""
    with stores.database.transaction():
        token, made = stores.tokens.add(actor.customer, now, life, purpose, actor.name, kind=kind)
        stores.audit_log.add(actor, now, Action.MADE_TOKEN, f"{made.name}, {made.kind}")
    return token, made


def revoke_token(stores: Stores, actor: Actor, now: datetime, number: int) -> None:
    """Revoke a token. Blocks.

    Raises:
        GoneError: There is no valid token with this number.
    """
    with stores.database.transaction():
        revoked = stores.tokens.revoke(actor.customer, number, now)
        if revoked is None:
            raise GoneError("There is no such token to revoke. It may have been revoked in the meantime.")
        stores.audit_log.add(actor, now, Action.REVOKED_TOKEN, revoked.name)
