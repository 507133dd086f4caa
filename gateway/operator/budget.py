"""The operation `budget`: show and set customers' budgets."""

from dataclasses import replace
from typing import Any

from gateway.keeping.budgets import shares_of
from gateway.operator.customers import customer_of
from gateway.operator.work import RefusedError, Work
from gateway.stores.operator_log import Action
from gateway.traffic.budget import DEFAULT_BUDGET, Budget


def budget(work: Work) -> dict[str, Any]:
    """Set the given parts of a customer's budget, if any; return how much of each part is spent.

    The arguments are `texts` and `stored_bytes`, each a number, or null for the default.

    Raises:
        RefusedError: There is no such customer, or its removal has begun.
    """
    stores, customer = work.stores, customer_of(work)
    if customer.removal_began_at is not None:
        raise RefusedError(f"{customer.name} is being removed, and no longer has a budget.")
    wished = {name: work.arguments[name] for name in ("texts", "stored_bytes") if name in work.arguments}
    if wished:
        with stores.database.transaction():
            made = _with(stores.budgets.of(customer.number), wished)
            stores.budgets.set(customer.number, made)
            subject = f"{customer.name}: {made.texts:,} distinct texts, {made.stored_bytes:,} stored bytes"
            stores.operator_log.add(work.clock(), work.arguments["who"], Action.SET_BUDGET, subject)
    texts, stored_bytes = shares_of(stores, customer.number)
    return {
        "customer": customer.name,
        "texts": {"used": texts.used, "budget": texts.most},
        "stored_bytes": {"used": stored_bytes.used, "budget": stored_bytes.most},
    }


def _with(before: Budget, wished: dict[str, int | None]) -> Budget:
    default = {"texts": DEFAULT_BUDGET.texts, "stored_bytes": DEFAULT_BUDGET.stored_bytes}
    return replace(before, **{name: default[name] if most is None else most for name, most in wished.items()})
