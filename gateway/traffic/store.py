"""What a store of flow records does, whatever engine it has: `Questions` for who reads, `RecordStore` for who keeps.

Every method may be called from any thread, and blocks: call none on an event loop. Each sees all that was stored before
it began. `tests/gateway/contract` holds a store against this.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from gateway.traffic.arrivals import Arrivals
from gateway.traffic.budget import DEFAULT_BUDGET, Budget, Usage
from gateway.traffic.conversations import After, ConversationPage
from gateway.traffic.edges import Edge
from gateway.traffic.exposed import ExposedPort
from gateway.traffic.first import First
from gateway.traffic.freshness import AccountFreshness, Freshness, Heard
from gateway.traffic.paging import FIRST, Cursor, Kept, Page, RecordKey
from gateway.traffic.posts import Post
from gateway.traffic.question import Question
from gateway.traffic.rules import RuleHits
from gateway.traffic.top import Dimension, Measure, Top
from gateway.traffic.totals import Timeline, Totals
from gateway.traffic.transposed import Columns


class StoreUnavailableError(Exception):
    """The store fails, or its engine does: look for a full disk first, then restart what serves it."""


class TooSlowError(Exception):
    """A question took longer than whoever asked waits, and was stopped."""


class KeyTakenError(Exception):
    """Another post came in under the same key meanwhile: look for it by `find`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Records of one customer that are to be deleted.

    Attributes:
        customer: The customer's number.
        any_of: Questions, all about the customer, of which those records answer one or more.
        none_of: Questions of which they answer none.
    """

    customer: int
    any_of: tuple[Question, ...]
    none_of: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the store, some of whose records are to be deleted at once.

    Attributes:
        first: The number of the first post in it.
        last: That of the last one.
        count: How many of its records are to be deleted.
    """

    first: int
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Stored:
    """How much a store holds of all customers together.

    Attributes:
        records: How many flow records.
        unsettled_hours: How many hours have records whose bytes may count twice.
    """

    records: int
    unsettled_hours: int


class Questions(Protocol):
    """Answers questions about flow records.

    Every method may raise `StoreUnavailableError`, and `TooSlowError` where it is asked by people.
    """

    def totals(self, question: Question) -> Totals:
        """Sum up what was asked for."""
        ...

    def timeline(self, question: Question, steps: int = 120) -> Timeline:
        """Sum up what was asked for over time, in about so many steps at most; see `step_of`."""
        ...

    def top(self, question: Question, dimension: Dimension, measure: Measure, limit: int = 10) -> Top:
        """Group what was asked for, and return the largest groups; of equally large ones the first ones by key."""
        ...

    def rule_hits(self, question: Question) -> First[RuleHits]:
        """Count what each rule did, the busiest first."""
        ...

    def exposed_ports(self, question: Question) -> First[ExposedPort]:
        """Return the ports that flows from the internet were allowed to, those with the most sources first."""
        ...

    def conversations(self, question: Question, after: After | None = None, size: int = 50) -> ConversationPage:
        """Join what was asked for, a page at a time, of the newest minute first."""
        ...

    def page(self, question: Question, cursor: Cursor = FIRST, size: int = 50) -> Page:
        """Return one page of the records that were asked for, newest first."""
        ...

    def every(self, question: Question) -> Iterator[Mapping[str, Any]]:
        """Yield all flow records that were asked for, newest first; newer ones that arrive meanwhile are left out."""
        ...

    def record(self, customer: int, key: RecordKey) -> Kept | None:
        """Return the record of a customer's that is at a key, if it is still kept."""
        ...

    def records(self, customer: int) -> Iterator[dict[str, Any]]:
        """Yield a customer's flow records in the order in which they were stored."""
        ...

    def count(self, customer: int) -> int:
        """Count a customer's records."""
        ...

    def freshness(self, customer: int, now: datetime) -> Freshness | None:
        """Return how fresh a customer's records are; None if there are none."""
        ...

    def account_freshness(self, customer: int) -> dict[str, AccountFreshness]:
        """Return what arrived from each storage account that a customer's posts named, by its name."""
        ...

    def heard(self, customer: int, configured: Sequence[str]) -> First[Heard]:
        """Return the latest deliveries of all of a customer's sources.

        Args:
            customer: The customer's number.
            configured: Storage accounts that come first. Behind them come those that were heard of last, since a sender
                may name any number.
        """
        ...

    def heard_of_all(self, configured: Sequence[tuple[int, str]], most: int) -> dict[int, list[Heard]]:
        """Return what was heard last of those that deliver, by customer.

        Args:
            configured: Customers' numbers, each with a storage account that comes first; none twice.
            most: As many storage accounts as each customer is told of; its agents come besides.
        """
        ...

    def oldest(self, customer: int) -> dict[str, int]:
        """Return the time of a customer's oldest record of each source that it has any of, in epoch milliseconds."""
        ...

    def unsettled(self, customer: int, start: int, end: int) -> int:
        """Count the hours of a span whose records still count twice where two logged them."""
        ...

    def edges(self, customer: int, first: date, last: date) -> Iterator[Edge]:
        """Yield a customer's edges of the days from the first to the last, in their order.

        They hold what `merge_edges` has merged. An edge stays when its records outlive their time.
        """
        ...

    def arrivals(self, cursor: str | None = None, most: int = 1000) -> Arrivals:
        """Return what arrived since a cursor, of all customers: posts with records, and hours in which marks turned.

        Whoever goes on from each cursor to the next misses nothing, also with several writers, and may see some twice.

        Args:
            cursor: As `Arrivals` had it; None for all that is kept.
            most: How many arrivals to return, at most.

        Raises:
            ValueError: No store has given out such a cursor.
        """
        ...


class Snapshot(Protocol):
    """The records as they were at one moment."""

    def copy(self, target: Path, say: Callable[[str], None]) -> int:
        """Copy everything into a new file, which ends the snapshot; return how many records.

        Raises:
            StoreUnavailableError: It can't be written. The store itself goes on.
        """
        ...

    def close(self) -> None:
        """End it."""
        ...


class RecordStore(Questions, Protocol):
    """Keeps flow records, and the keys that they came under."""

    def asked_by_people(self, seconds: float, left: threading.Event | None = None) -> Questions:
        """Return what answers somebody who waits so long, and no longer, for all that is asked of it.

        Args:
            seconds: For so long at most, from the first question on.
            left: Set once nobody is waiting any more: what is being answered then is stopped.
        """
        ...

    def find(self, customer: int, key: str) -> Post | None:
        """Return the post that a customer sent under a key, if there is one."""
        ...

    def posts(self, customer: int) -> Iterator[Post]:
        """Yield a customer's posts in the order in which they were stored."""
        ...

    def store(self, post: Post, columns: Columns, budget: Budget = DEFAULT_BUDGET) -> Usage:
        """Store a post and its records, durably, all of it or nothing; return what it takes.

        Args:
            post: The post; its key must be new to its customer.
            columns: Flow records that have passed `shared.flowlog.check.check`.
            budget: What its customer may have stored, this post included.

        Raises:
            RemovedError: The removal of the post's customer has begun. Nothing was stored.
            BudgetSpentError: It would pass the budget. Nothing was stored.
            KeyTakenError: Another post has the key. Nothing was stored.
            StoreUnavailableError: Nothing was stored, unless the failure hid that it was; `find` tells after a restart.
        """
        ...

    def refuse(self, customer: int, account: str, at: datetime, status: int, message: str) -> None:
        """Store that a post from a storage account was refused, and why, replacing the previous refusal.

        Since when they are refused goes on from that one, unless a post was accepted in between.
        """
        ...

    def knows(self, customer: int, account: str) -> bool:
        """Return whether a post of a customer's, whose key is kept, came from a storage account."""
        ...

    def usage(self, customer: int) -> Usage:
        """Return what a customer has stored."""
        ...

    def stored(self) -> Stored:
        """Return how much is stored of all customers."""
        ...

    def customers(self) -> list[int]:
        """Return the numbers of the customers that have records."""
        ...

    def settle(self, now: datetime) -> bool:
        """Mark the records of an hour that is over and waits for it; return whether there was one.

        An hour that could not be marked comes again once no other waits.
        """
        ...

    def merge_edges(self) -> bool:
        """Merge what arrived since the last time into the edges, a part of it at once; return whether more waits."""
        ...

    def forget_edges(self, before: date) -> int:
        """Forget the edges of days before one; return how many."""
        ...

    def slices(self, wanted: Wanted, size: int) -> list[Slice]:
        """Return where the records are that are to be deleted, in parts of about so many records, whosever they are."""
        ...

    def delete(self, wanted: Wanted, within: Slice, *, last: bool, erased_at: datetime | None = None) -> None:
        """Delete records, all that are wanted within a slice or none.

        Args:
            wanted: Which records; it may have changed since the slices were made.
            within: One of the slices.
            last: Whether this is the last of the slices: what no record refers to any more goes, too.
            erased_at: When they are erased: their posts bring nothing back then, and the edges lose what these records
                brought. Without, they have outlived their time, and the edges keep it: only what `merge_edges` has
                merged is deleted, unless the customer is being removed.
        """
        ...

    def take_nothing_of(self, customer: int) -> None:
        """Store nothing more for a customer whose removal has begun, whatever is in progress."""
        ...

    def remove(self, customer: int) -> None:
        """Delete all that is left of a customer, once its records are deleted."""
        ...

    def forget_keys(self, now: datetime) -> int:
        """Forget the keys of posts that have outlived their time and their records; return how many.

        Those of posts that records were erased from live for ever: a replay must bring nothing back.
        """
        ...

    def check(self) -> None:
        """Make sure that the store answers.

        Raises:
            StoreUnavailableError: It does not.
        """
        ...

    def touch(self) -> None:
        """Write durably, and change nothing that anybody sees.

        Raises:
            StoreUnavailableError: Nothing can be written.
        """
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Let all who want to write wait until the context ends."""
        ...

    def snapshot(self) -> Snapshot:
        """Return the records as they are now, whatever is written later; it must be closed."""
        ...

    def close(self) -> None:
        """Write everything out, and let go of it."""
        ...
