"""Which rules decided, and how often."""

from dataclasses import dataclass

from gateway.stores.flow_records import with_rules
from gateway.stores.records import Records
from gateway.traffic.basis import AS_LOGGED
from gateway.traffic.first import MOST_ROWS, First, counted
from gateway.traffic.questions import Question, condition


@dataclass(frozen=True, slots=True)
class RuleHits:
    """What one rule did in one direction.

    Attributes:
        rule: Its name as written.
        direction: `inbound` or `outbound`.
        decision: `allow` or `deny`.
        records: How often it did.
        bytes: In both directions of the flows, as logged.
        last: The time of the last record, in epoch milliseconds.

    """

    rule: str
    direction: str
    decision: str
    records: int
    bytes: int
    last: int


def rule_hits(records: Records, question: Question) -> First[RuleHits]:
    """Count what each rule did, the busiest first."""
    asked = condition(records, question)
    rows = records.rows(
        f"""WITH hits AS (
                SELECT rule_id, direction, decision, count(*) AS count, {AS_LOGGED.sql} AS size, max(time) AS last
                FROM records WHERE {asked.sql} GROUP BY ALL
            )
            SELECT name, direction, decision, count, size, last, count(*) OVER ()
            FROM hits {with_rules(question.customer)} WHERE name IS NOT NULL  -- agents know of no rules
            ORDER BY count DESC, name, direction, decision LIMIT {MOST_ROWS}""",  # noqa: S608 - ours
        asked.parameters,
    )
    return counted(
        rows, lambda rule, direction, decision, *numbers: RuleHits(rule, direction, decision, *map(int, numbers))
    )
