"""Removal of a customer and everything that belongs to it. If it is interrupted, the next attempt continues it.

There are three steps: access ends, the records are deleted, and finally everything else with the customer's name.
"""

from typing import Any

from gateway.operator.customers import customer_of, told
from gateway.operator.deleting import parts_of, telling
from gateway.operator.work import RefusedError, Work
from gateway.stores.customers import Customer
from gateway.stores.holds import Hold
from gateway.stores.operator_log import Action
from gateway.traffic.question import Question
from gateway.traffic.store import Wanted


def remove(work: Work) -> dict[str, Any]:
    """Remove a customer, or only look at it; return what it had.

    Raises:
        RefusedError: There is no such customer, or it has holds in force.
    """
    stores, customer = work.stores, customer_of(work)
    with stores.database.transaction():
        if customer.removal_began_at is None:
            _require_no_holds(customer, stores.holds.in_force(customer.number))
        if not work.arguments["look_only"]:
            stores.removals.begin(customer.number, work.clock())
    found = told(work, customer)
    if not work.arguments["look_only"]:
        stores.records.take_nothing_of(customer.number)
        stores.changes.tell(customer.number, over=True)
        _remove_records(work, customer.number)
        _finish(work, customer)
    return found


def _remove_records(work: Work, customer: int) -> None:
    wanted = Wanted(customer, (Question.all_of(customer),))
    for each in telling(work, parts_of(work, wanted), "removed"):
        work.stores.records.delete(wanted, each, last=False)
    work.stores.records.remove(customer)


def _finish(work: Work, customer: Customer) -> None:
    stores = work.stores
    work.say("Accounts, machines, configurations and the audit log are removed last.")
    # Only this overwrites what earlier versions deleted.
    stores.database.compact()
    with stores.database.transaction():
        if stores.removals.finish(customer.number):
            stores.operator_log.add(work.clock(), work.arguments["who"], Action.REMOVED_CUSTOMER, customer.name)
    if not stores.database.empty_log():
        work.say(
            "accounts.sqlite is being read, for example by a backup: "
            "removed data is overwritten there once that is done."
        )


def _require_no_holds(customer: Customer, holds: list[Hold]) -> None:
    if holds:
        raise RefusedError(
            f"{customer.name} has holds: {'; '.join(map(str, holds))}. Lift them in the console, then remove the "
            f"customer. Nothing was changed."
        )
