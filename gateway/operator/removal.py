"""Removal of a customer with all that belongs to it; whatever cuts it off, another one goes on.

In three steps: nobody gets in any more, the records go, and last all else with the customer's name.
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
    """Remove a customer, unless only a look at it is wished for; return what it had.

    Raises:
        RefusedError: There is no such customer, or it has holds in force.

    """
    stores, customer = work.stores, customer_of(work)
    with stores.database.transaction():
        if customer.removal_began_at is None:
            _require_no_holds(customer, stores.holds.in_force(customer.number))
        if not work.wishes["look_only"]:
            stores.removals.begin(customer.number, work.clock())
    found = told(work, customer)
    if not work.wishes["look_only"]:
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
    # What versions before this one deleted is overwritten by this alone.
    stores.database.compact()
    with stores.database.transaction():
        if stores.removals.finish(customer.number):
            stores.operator_log.add(work.clock(), work.wishes["who"], Action.REMOVED_CUSTOMER, customer.name)
    if not stores.database.empty_log():
        work.say("accounts.sqlite is being read, as by a backup: what was removed is overwritten there after that.")


def _require_no_holds(customer: Customer, holds: list[Hold]) -> None:
    if holds:
        raise RefusedError(
            f"{customer.name} is held: {'; '.join(map(str, holds))}. Have each hold lifted in the console, "
            "then remove the customer. Nothing was changed."
        )
