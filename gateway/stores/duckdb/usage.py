"""What customers have stored, and what they may store. It is counted in each post's transaction, and recounted after
deletions.

Bytes are an estimate that needs no look at what is stored, a little above what the file takes. Anything else that is
stored for a customer must be added to `_PARTS`, and reported to `Usages` in the transaction that stores it.
"""

from collections.abc import Callable
from typing import Any, Final

from gateway.traffic.budget import Budget, BudgetSpentError, Spent, Usage

RECORD_BYTES: Final = 40
"""Of a flow record; a million take some 26 MB in the file, and more before they are compressed there."""
POST_BYTES: Final = 400
"""Of a post's key, answer and name of its log."""
REJECTED_BYTES: Final = 30
"""Of a rejected line, in the stored answer to its post."""
TEXT_BYTES: Final = 64
"""Of a text, besides its own bytes."""
FACT_BYTES: Final = 30
"""Of what an hour has shown for its bytes to count once (an address, or a NIC's flow log), of an hour that waits for
it, or of one in which marks turned."""
EDGE_BYTES: Final = 60
"""Of an edge's day."""

_PARTS: Final = (
    ("records", "0", f"{RECORD_BYTES} * count(*)", "0"),
    ("posts", "0", f"{POST_BYTES} * count(*) + {REJECTED_BYTES} * sum(rejected)", "0"),
    ("facts", "0", f"{FACT_BYTES} * count(*)", "count(*)"),
    ("unsettled", "0", f"{FACT_BYTES} * count(*)", "count(*)"),
    ("turned_hours", "0", f"{FACT_BYTES} * count(*)", "count(*)"),
    ("edges", "0", f"{EDGE_BYTES} * count(*)", "0"),
    ("observers", "0", f"{TEXT_BYTES} * count(*) + sum(strlen(name))", "0"),
    ("rules", "count(*)", f"{TEXT_BYTES} * count(*) + sum(text_bytes)", "0"),
    ("origins", "count(*)", f"{TEXT_BYTES} * count(*) + sum(text_bytes)", "0"),
)
"""The tables of customers, with the texts in each, the bytes that it takes, and the facts in it."""
_EACH: Final = " UNION ALL ".join(
    f"SELECT customer, {texts} AS texts, {size} AS size, {facts} AS facts FROM {table} GROUP BY customer"  # noqa: S608 - names from above
    for table, texts, size, facts in _PARTS
)
_ALL: Final = f"SELECT customer, sum(texts), sum(size), sum(facts) FROM ({_EACH}) GROUP BY customer"  # noqa: S608 - as above


type Admit = Callable[[Usage], None]
"""Called with what is about to be stored; raises an exception if that is too much."""


def of_post(records: int, rejected: int) -> Usage:
    """Return what a post takes, apart from new texts."""
    return Usage(0, POST_BYTES + RECORD_BYTES * records + REJECTED_BYTES * rejected)


def of_texts(count: int, size: int) -> Usage:
    """Return what a number of new texts take, given their total bytes."""
    return Usage(count, TEXT_BYTES * count + size)


def of_facts(count: int) -> Usage:
    """Return what a number of facts about an hour take."""
    return Usage(0, FACT_BYTES * count, count)


def of_edges(count: int) -> Usage:
    """Return what so many edges of a day take."""
    return Usage(0, EDGE_BYTES * count)


def of_observer(name: str) -> Usage:
    """Return what an observer of edges takes, whose name has its bytes."""
    return Usage(0, TEXT_BYTES + len(name.encode()))


class Usages:
    """What each customer has stored, counted in memory; for one writer at a time."""

    def __init__(self) -> None:
        self._customers: dict[int, Usage] = {}

    def recount(self, execute: Callable[[str], Any]) -> None:
        """Count everything that is stored."""
        self._customers = {
            customer: Usage(int(texts), int(stored_bytes), int(facts))
            for customer, texts, stored_bytes, facts in execute(_ALL).fetchall()
        }

    def of(self, customer: int) -> Usage:
        """Return what a customer has stored."""
        return self._customers.get(customer, Usage())

    def require_room(self, customer: int, more: Usage, budget: Budget) -> None:
        """Make sure that a customer may store more.

        A post without new texts is allowed even if the budget of texts is spent, since it takes none of it.

        Raises:
            BudgetSpentError: It may not.
        """
        stored = self.of(customer) + more
        if more.texts and stored.texts > budget.texts:
            raise BudgetSpentError(Spent.TEXTS, budget.texts)
        if more.stored_bytes and stored.stored_bytes > budget.stored_bytes:
            raise BudgetSpentError(Spent.STORED_BYTES, budget.stored_bytes)

    def add(self, customer: int, more: Usage) -> None:
        """Add what a customer has stored in addition, once it is committed."""
        self._customers[customer] = self.of(customer) + more
