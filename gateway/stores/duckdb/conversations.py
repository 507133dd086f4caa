"""Conversations: what logs and agents say about the same traffic, combined."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from gateway.stores.duckdb.conditions import condition
from gateway.stores.duckdb.flow_records import with_origins, with_rules
from gateway.stores.duckdb.reading import Rows
from gateway.stores.duckdb.sums import SUMS
from gateway.traffic.addresses import text
from gateway.traffic.basis import basis_of
from gateway.traffic.conversations import MINUTE_MS, After, Conversation, ConversationPage, End, terms_of
from gateway.traffic.question import Question

_KEY: Final = ("source", "destination", "protocol", "port")
_WITHIN: Final = "customer = ? AND time >= ? AND time < ?"
_TURNED: Final = f"""
    SELECT DISTINCT unsure.post, unsure.line
    FROM (SELECT * FROM records WHERE {_WITHIN} AND direction IS NULL) AS unsure
    JOIN (SELECT * FROM records WHERE {_WITHIN} AND direction IS NOT NULL) AS sure
      ON sure.time // {MINUTE_MS} = unsure.time // {MINUTE_MS} AND sure.protocol = unsure.protocol
     AND sure.src_number = unsure.dst_number AND sure.src_port = unsure.dst_port
     AND sure.dst_number = unsure.src_number AND sure.dst_port = unsure.src_port
"""  # noqa: S608 - our own words and numbers
"""The records of agents that can't tell who began, where somebody says that it was the other end."""


def conversations(rows: Rows, question: Question, after: After | None, size: int) -> ConversationPage:
    """Join what was asked for, a page at a time.

    Time is gone back in slices that double in length, so that a page costs what its own minutes do.
    """
    found = _newest(rows, question, after, size + 1)
    shown = found[:size]
    last = After(shown[-1][0], tuple(shown[-1][1:5])) if len(found) > size else None
    return ConversationPage(tuple(map(_conversation, shown)), last)


def _newest(rows: Rows, question: Question, after: After | None, count: int) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    if after is not None:
        minute = after.minute * MINUTE_MS
        found = list(_slice(rows, question.within(minute, minute + MINUTE_MS), after, count))
        question = question.within(question.start, minute)
    length, end = MINUTE_MS, question.end
    while len(found) < count and end > question.start:
        start = max((end - length) // MINUTE_MS * MINUTE_MS, question.start)
        found += _slice(rows, question.within(start, end), None, count - len(found))
        length, end = 2 * length, start
    return found


def _slice(rows: Rows, question: Question, after: After | None, count: int) -> Iterator[tuple[Any, ...]]:
    asked = condition(rows, question)
    beyond, place = ("true", ()) if after is None else _beyond(after)
    return rows(
        f"""WITH turned AS ({_TURNED}), parts AS (
                SELECT time // {MINUTE_MS} AS minute, {_either_way("src_number", "dst_number")}, protocol,
                       if(turned.line IS NULL, dst_port, src_port) AS port,
                       if(turned.line IS NULL, src_port, dst_port) AS initiator_port,
                       origins.source = 'agent' AS is_observed, turned.line IS NOT NULL AS is_turned,
                       coalesce(direction = 'inbound', is_turned) AS at_server, decision, name, host, process,
                       bytes_src_to_dst, bytes_dst_to_src, counted_bytes
                FROM records {with_rules(question.customer)} {with_origins(question.customer)}
                LEFT JOIN turned USING (post, line)
                WHERE {asked.sql}
            )
            SELECT minute, {", ".join(_KEY)}, bool_or(is_turned),
                   count(*) FILTER (NOT is_observed), count(*) FILTER (is_observed),
                   count(DISTINCT initiator_port) FILTER (NOT is_observed),
                   {_several("decision")}, {_several("name")},
                   {_several("host", "NOT at_server")}, {_several("process", "NOT at_server")},
                   {_several("host", "at_server")}, {_several("process", "at_server")},
                   {SUMS[basis_of(question.search)]}
            FROM parts WHERE {beyond} GROUP BY ALL
            ORDER BY minute DESC, {", ".join(_KEY)} LIMIT {count:d}""",  # noqa: S608 - our own words and numbers
        [*(question.customer, question.start, question.end) * 2, *asked.parameters, *place],
    )


def _several(column: str, where: str = "true") -> str:
    return f"list_sort(list(DISTINCT {column}) FILTER ({column} IS NOT NULL AND {where}))"


def _either_way(source: str, destination: str) -> str:
    return (
        f"if(turned.line IS NULL, {source}, {destination}) AS source,"
        f"if(turned.line IS NULL, {destination}, {source}) AS destination"
    )


def _beyond(after: After) -> tuple[str, tuple[object, ...]]:
    """Ask for what follows in the order of the keys."""
    source, destination, protocol, port = after.key
    # As text: the driver has no integer of 128 bits without a sign.
    return (
        f"({', '.join(_KEY)}) > (?::UHUGEINT, ?::UHUGEINT, ?::UTINYINT, ?::USMALLINT)",
        (str(source), str(destination), protocol, port),
    )


def _conversation(row: Sequence[Any]) -> Conversation:
    (minute, source, destination, protocol, port, is_turned), lists = row[:6], row[9:15]
    logged, observed, flows = row[6:9]
    decisions, rules, *ends = (tuple(each or ()) for each in lists)
    addresses = text(source), text(destination)
    return Conversation(
        minute * MINUTE_MS,
        *addresses,
        protocol,
        port,
        terms_of(*addresses, protocol, port, is_turned=is_turned),
        logged,
        observed,
        flows,
        decisions,
        rules,
        End(ends[0], ends[1]),
        End(ends[2], ends[3]),
        int(row[15]),
    )
