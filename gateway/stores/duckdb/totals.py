"""How much there is of what was asked for, in all and over time."""

from gateway.stores.duckdb.conditions import condition
from gateway.stores.duckdb.reading import Rows
from gateway.stores.duckdb.sums import SUMS
from gateway.traffic.basis import basis_of
from gateway.traffic.question import Question
from gateway.traffic.totals import Timeline, Totals, step_of
from shared.flowlog.record import Decision


def totals(rows: Rows, question: Question) -> Totals:
    """Sum up what was asked for."""
    asked, size = condition(rows, question), SUMS[basis_of(question.search)]
    (row,) = rows(
        f"""SELECT count(*), count(*) FILTER (decision = 'allow'), count(*) FILTER (decision = 'deny'), {size}
            FROM records WHERE {asked.sql}""",  # noqa: S608 - our own words
        asked.parameters,
    )
    return Totals(*map(int, row))


def timeline(rows: Rows, question: Question, steps: int) -> Timeline:
    """Sum up what was asked for over time."""
    step = step_of(question.end - question.start, steps)
    start = question.start // step * step
    asked, size = condition(rows, question), SUMS[basis_of(question.search)]
    # By decision in groups, since filters in sums take nearly twice as long.
    groups = rows(
        f"""SELECT (time - ?) // ? AS place, decision, count(*), {size}
            FROM records WHERE {asked.sql} GROUP BY place, decision""",  # noqa: S608 - our own words
        [start, step, *asked.parameters],
    )
    count = max(-(-(question.end - start) // step), 1)
    counts = {decision: [0] * count for decision in (*Decision, None)}
    sizes = [0] * count
    for place, decision, number, size_of_group in groups:
        counts[decision][place] += number
        sizes[place] += int(size_of_group)
    parts = (counts[Decision.ALLOW], counts[Decision.DENY], counts[None], sizes)
    return Timeline(start, step, *map(tuple, parts))
