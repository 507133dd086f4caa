"""Which rules decided, and how often."""

from gateway.stores.duckdb.conditions import condition
from gateway.stores.duckdb.first import first_rows
from gateway.stores.duckdb.flow_records import with_rules
from gateway.stores.duckdb.reading import Rows
from gateway.stores.duckdb.sums import SUMS
from gateway.traffic.basis import AS_LOGGED
from gateway.traffic.first import MOST_ROWS, First
from gateway.traffic.question import Question
from gateway.traffic.rules import RuleHits


def rule_hits(rows: Rows, question: Question) -> First[RuleHits]:
    """Count what each rule did, the busiest first."""
    asked = condition(rows, question)
    hits = rows(
        f"""WITH hits AS (
                SELECT rule_id, direction, decision, count(*) AS count, {SUMS[AS_LOGGED]} AS size, max(time) AS last
                FROM records WHERE {asked.sql} GROUP BY ALL
            )
            SELECT name, direction, decision, count, size, last, count(*) OVER ()
            FROM hits {with_rules(question.customer)} WHERE name IS NOT NULL  -- agents know of no rules
            ORDER BY count DESC, name, direction, decision LIMIT {MOST_ROWS}""",  # noqa: S608 - ours
        asked.parameters,
    )
    return first_rows(
        hits, lambda rule, direction, decision, *numbers: RuleHits(rule, direction, decision, *map(int, numbers))
    )
