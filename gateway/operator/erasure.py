"""Erasure of the records that a search finds, so that repeating their posts does not bring them back."""

from dataclasses import replace
from typing import Any, Final

from gateway.keeping.held import covered
from gateway.operator.customers import customer_of
from gateway.operator.deleting import in_words, parts_of, telling
from gateway.operator.work import RefusedError, Work
from gateway.stores.audit_log import LONGEST_SUBJECT, Action, Actor
from gateway.stores.customers import Customer
from gateway.stores.holds import Hold
from gateway.traffic.question import Question
from gateway.traffic.search import SearchError, parse
from gateway.traffic.store import Wanted
from gateway.traffic.terms import Search

_LONGEST: Final = LONGEST_SUBJECT - 100


def erase(work: Work) -> dict[str, Any]:
    """Erase records of a customer, or only count them; return the search and the number.

    Raises:
        RefusedError: There is no such customer, the search can't be read, or a hold covers some of the records.
    """
    customer, search = customer_of(work), _search(work)
    if customer.removal_began_at is not None:
        raise RefusedError(f"{customer.name} is being removed: run `customer remove` for it again instead.")
    asked = replace(Question.all_of(customer.number), search=search)
    wanted = Wanted(customer.number, (asked,))
    parts = parts_of(work, wanted)
    count = sum(each.count for each in parts)
    holds = work.stores.holds.in_force(customer.number)
    _require_not_held(work, customer, asked, holds)
    if parts and not work.arguments["look_only"]:
        subject = f"{in_words(count)}: {search}"
        _note_beginning(work, customer, subject, holds)
        for each in telling(work, parts, "erased"):
            work.stores.records.delete(wanted, each, last=each is parts[-1], erased_at=work.clock())
        work.stores.audit_log.add(Actor.command_line(customer.number), work.clock(), Action.ERASED_RECORDS, subject)
    return {"customer": customer.name, "search": str(search), "records": count}


def _search(work: Work) -> Search:
    try:
        search = parse(work.arguments["search"])
    except SearchError as error:
        raise RefusedError(f"The search is not valid: {error}") from None
    if not search.terms:
        raise RefusedError("An empty search finds all records. Specify which ones to erase, such as ip:10.0.0.6.")
    if len(str(search)) > _LONGEST:
        raise RefusedError(f"The audit log stores searches of up to {_LONGEST} characters. Erase in several steps.")
    return search


def _require_not_held(work: Work, customer: Customer, asked: Question, holds: list[Hold]) -> None:
    held = [hold for hold in holds if _covers(work, customer, hold, asked)]
    if held:
        raise RefusedError(
            f"Some of these records of {customer.name} are held: {'; '.join(map(str, held))}. Lift the holds in the "
            f"console, or use a search without their records. Nothing was changed."
        )


def _covers(work: Work, customer: Customer, hold: Hold, asked: Question) -> bool:
    both = asked.and_also(covered(customer.number, hold))
    return bool(work.stores.records.page(both, size=1).records)


def _note_beginning(work: Work, customer: Customer, subject: str, holds: list[Hold]) -> None:
    """Record in the audit log that the erasure begins, before anything is deleted: if it is interrupted, it is still on
    record.
    """
    stores = work.stores
    with stores.database.transaction():
        if stores.holds.in_force(customer.number) != holds:
            raise RefusedError("The holds were changed in the meantime. Try again. Nothing was erased.")
        stores.audit_log.add(Actor.command_line(customer.number), work.clock(), Action.BEGAN_ERASURE, subject)
