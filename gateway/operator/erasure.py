"""Erasure of the records that a search finds, so that repeating their posts does not bring them back."""

from typing import Any, Final

from gateway.clock import to_ms
from gateway.keeping.held import covered
from gateway.operator.customers import customer_of
from gateway.operator.slices import Slice, in_words, slices
from gateway.operator.work import RefusedError, Work
from gateway.stores.audit_log import LONGEST_SUBJECT, Action, Actor
from gateway.stores.customers import Customer
from gateway.stores.holds import Hold
from gateway.traffic.questions import Condition, Question, condition
from gateway.traffic.search import SearchError, parse
from gateway.traffic.terms import Search

_LONGEST: Final = LONGEST_SUBJECT - 100
_EVER: Final = 2**63 - 1


def erase(work: Work) -> dict[str, Any]:
    """Erase records of a customer, or only count them; return the search and the number.

    Raises:
        RefusedError: There is no such customer, the search can't be read, or a hold covers some of the records.
    """
    customer, search = customer_of(work), _search(work)
    if customer.removal_began_at is not None:
        raise RefusedError(f"{customer.name} is being removed: run `customer remove` for it again instead.")
    wanted = _wanted(work, customer, search)
    found = list(slices(work.stores.records, wanted))
    count = sum(each.count for each in found)
    holds = work.stores.holds.in_force(customer.number)
    _require_not_held(work, customer, wanted, holds)
    if found and not work.arguments["look_only"]:
        subject = f"{in_words(count)}: {search}"
        _note_beginning(work, customer, subject, holds)
        _erase(work, found, count)
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


def _wanted(work: Work, customer: Customer, search: Search) -> Condition:
    records = work.stores.records
    # First, because records stored later may get numbers that mean something else in the condition.
    ((last,),) = records.rows("SELECT coalesce(max(id), 0) FROM posts", [])
    asked = condition(records, Question(customer.number, 0, _EVER, search))
    return Condition(f"{asked.sql} AND post <= ?", (*asked.parameters, last))


def _require_not_held(work: Work, customer: Customer, wanted: Condition, holds: list[Hold]) -> None:
    held = [hold for hold in holds if _covers(work, customer, hold, wanted)]
    if held:
        raise RefusedError(
            f"Some of these records of {customer.name} are held: {'; '.join(map(str, held))}. Lift the holds in the "
            f"console, or use a search without their records. Nothing was changed."
        )


def _covers(work: Work, customer: Customer, hold: Hold, wanted: Condition) -> bool:
    records = work.stores.records
    held = condition(records, covered(customer.number, hold))
    query = f"SELECT 1 FROM records WHERE {wanted.sql} AND {held.sql} LIMIT 1"  # noqa: S608 - ours
    return next(records.rows(query, [*wanted.parameters, *held.parameters]), None) is not None


def _note_beginning(work: Work, customer: Customer, subject: str, holds: list[Hold]) -> None:
    """Record in the audit log that the erasure begins, before anything is deleted: if it is interrupted, it is still on
    record.
    """
    stores = work.stores
    with stores.database.transaction():
        if stores.holds.in_force(customer.number) != holds:
            raise RefusedError("The holds were changed in the meantime. Try again. Nothing was erased.")
        stores.audit_log.add(Actor.command_line(customer.number), work.clock(), Action.BEGAN_ERASURE, subject)


def _erase(work: Work, found: list[Slice], count: int) -> None:
    now, done = to_ms(work.clock()), 0
    for each in found:
        within = each.within
        with work.stores.records.deleting(last=each is found[-1]) as cursor:
            cursor.execute(
                f"UPDATE posts SET erased_at = ? WHERE id IN (SELECT post FROM records WHERE {within.sql})",  # noqa: S608
                [now, *within.parameters],
            )
            cursor.execute(f"DELETE FROM records WHERE {within.sql}", within.parameters)  # noqa: S608 - ours
        done += each.count
        work.say(f"{done:,} of {in_words(count)} erased.")
