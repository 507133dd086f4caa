"""Questions that a DuckDB file answers."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from gateway.clock import from_ms
from gateway.stores.duckdb.arrivals import arrivals
from gateway.stores.duckdb.conversations import conversations
from gateway.stores.duckdb.counting.batch import HOUR_MS
from gateway.stores.duckdb.edges import edges
from gateway.stores.duckdb.exposed import exposed_ports
from gateway.stores.duckdb.flow_records import RECORDS, flow_record
from gateway.stores.duckdb.freshness import account_freshness, freshness, heard, heard_of_all, oldest
from gateway.stores.duckdb.paging import every, page, record
from gateway.stores.duckdb.reading import Reading
from gateway.stores.duckdb.rules import rule_hits
from gateway.stores.duckdb.top import top
from gateway.stores.duckdb.totals import timeline, totals
from gateway.traffic.arrivals import Arrivals
from gateway.traffic.conversations import After, ConversationPage
from gateway.traffic.edges import Edge
from gateway.traffic.exposed import ExposedPort
from gateway.traffic.first import First
from gateway.traffic.freshness import AccountFreshness, Freshness, Heard
from gateway.traffic.paging import FIRST, Cursor, Kept, Page, RecordKey
from gateway.traffic.question import Question
from gateway.traffic.rules import RuleHits
from gateway.traffic.top import Dimension, Measure, Top
from gateway.traffic.totals import Timeline, Totals


class DuckDBQuestions(Reading):
    """Answers as `gateway.traffic.store.Questions` has it, which describes what each method does."""

    def totals(self, question: Question) -> Totals:
        return totals(self.rows, question)

    def timeline(self, question: Question, steps: int = 120) -> Timeline:
        return timeline(self.rows, question, steps)

    def top(self, question: Question, dimension: Dimension, measure: Measure, limit: int = 10) -> Top:
        return top(self.rows, question, dimension, measure, limit)

    def rule_hits(self, question: Question) -> First[RuleHits]:
        return rule_hits(self.rows, question)

    def exposed_ports(self, question: Question) -> First[ExposedPort]:
        return exposed_ports(self.rows, question)

    def conversations(self, question: Question, after: After | None = None, size: int = 50) -> ConversationPage:
        return conversations(self.rows, question, after, size)

    def page(self, question: Question, cursor: Cursor = FIRST, size: int = 50) -> Page:
        return page(self.rows, question, cursor, size)

    def every(self, question: Question) -> Iterator[Any]:
        return every(self.rows, question)

    def record(self, customer: int, key: RecordKey) -> Kept | None:
        return record(self.rows, customer, key)

    def records(self, customer: int) -> Iterator[dict[str, Any]]:
        return map(flow_record, self.rows(f"{RECORDS} WHERE customer = ? ORDER BY post, line", [customer]))

    def accepted(self, customer: int) -> Iterator[tuple[dict[str, Any], datetime]]:
        """Yield a customer's records in the order in which they were stored, each with when it was accepted."""
        accepted = dict(self.rows("SELECT id, accepted_at FROM posts WHERE customer = ?", [customer]))
        for row in self.rows(f"{RECORDS} WHERE customer = ? ORDER BY post, line", [customer]):
            yield flow_record(row), from_ms(accepted[row[-2]])

    def count(self, customer: int) -> int:
        return int(self.value("SELECT count(*) FROM records WHERE customer = ?", [customer]))

    def freshness(self, customer: int, now: datetime) -> Freshness | None:
        return freshness(self.rows, customer, now)

    def account_freshness(self, customer: int) -> dict[str, AccountFreshness]:
        return account_freshness(self.rows, customer)

    def heard(self, customer: int, configured: Sequence[str]) -> First[Heard]:
        return heard(self.rows, customer, configured)

    def heard_of_all(self, configured: Sequence[tuple[int, str]], most: int) -> dict[int, list[Heard]]:
        return heard_of_all(self.rows, configured, most)

    def oldest(self, customer: int) -> dict[str, int]:
        return oldest(self.rows, customer)

    def unsettled(self, customer: int, start: int, end: int) -> int:
        return int(
            self.value(
                "SELECT count(DISTINCT hour) FROM unsettled WHERE customer = ? AND hour BETWEEN ? AND ?",
                [customer, start // HOUR_MS, (end - 1) // HOUR_MS],
            )
        )

    def edges(self, customer: int, first: date, last: date) -> Iterator[Edge]:
        return edges(self.rows, customer, first, last)

    def arrivals(self, cursor: str | None = None, most: int = 1000) -> Arrivals:
        return arrivals(self.rows, cursor, most)
