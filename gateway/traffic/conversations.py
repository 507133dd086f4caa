"""Conversations: what logs and agents say of the same traffic, as one.

A flow is seen by the NIC at either end, which knows the rule, and by the agents at both ends, which know the
processes. All of them agree in both addresses, the protocol, the server's port and the minute: that is what joins
them. The initiator's port does not, since agents sum up all connections of a minute; where it is known, it tells how
many flows there were. An agent that can't tell who began keeps both ports: its record joins the flow that has the same
ones, whichever way round, which is to say the same Community ID.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final, Self

from gateway.stores.addresses import text
from gateway.stores.flow_records import with_origins, with_rules
from gateway.stores.records import Records
from gateway.traffic.basis import basis_of
from gateway.traffic.questions import Question, condition
from gateway.traffic.terms import Addresses, NumberKey, Numbers, Ports, Services, Side, Term

MINUTE_MS: Final = 60_000
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
_DIGITS: Final = 39


@dataclass(frozen=True, slots=True)
class End:
    """One end of a conversation, as far as an agent there saw it.

    Attributes:
        hosts: The machines that saw it, in order.
        processes: The processes there, in order; none if the agents could not tell.

    """

    hosts: tuple[str, ...]
    processes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Records of one minute that agree in addresses, protocol and server's port.

    Attributes:
        minute: When the minute begins, in epoch milliseconds.
        source: The initiator's address.
        destination: The server's address.
        protocol: The protocol's number.
        port: The server's port.
        terms: What to narrow the search by to have these records within the minute, and no others; where a record has
            the ends the other way round, those that have the server's port at the other end as well.
        logged: How many of the records come from logs.
        observed: How many of them come from agents.
        flows: How many flows the logs tell apart.
        decisions: What the logs say that the rules did.
        rules: The rules that did it.
        client: The initiator's end.
        server: The server's end.
        bytes: In both directions, on the basis of `basis_of`.

    """

    minute: int
    source: str
    destination: str
    protocol: int
    port: int
    terms: tuple[Term, ...]
    logged: int
    observed: int
    flows: int
    decisions: tuple[str, ...]
    rules: tuple[str, ...]
    client: End
    server: End
    bytes: int

    @property
    def is_seen_by_both(self) -> bool:
        """Whether logs and agents both have a part in it."""
        return self.logged > 0 and self.observed > 0


@dataclass(frozen=True, slots=True)
class After:
    """The conversation that a page follows.

    Attributes:
        minute: The number of its minute since the epoch.
        key: Its addresses as numbers, its protocol and its port.

    """

    minute: int
    key: tuple[int, int, int, int]

    def __str__(self) -> str:
        """Write the place as `parse` reads it."""
        return ".".join(map(str, (self.minute, *self.key)))

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read a place.

        Raises:
            ValueError: It is not one.

        """
        parts = written.split(".")
        if not all(part.isascii() and part.isdigit() and len(part) <= _DIGITS for part in parts):
            raise ValueError(written)
        minute, *key = map(int, parts)
        source, destination, protocol, port = key
        if minute >= 2**40 or max(source, destination) >= 2**128 or protocol > 255 or port > 65_535:  # noqa: PLR2004 - their sizes
            raise ValueError(written)
        return cls(minute, (source, destination, protocol, port))


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """Some conversations.

    Attributes:
        conversations: Of the newest minute first.
        after: The last of them, if there are more.

    """

    conversations: tuple[Conversation, ...]
    after: After | None


def conversations(records: Records, question: Question, after: After | None = None, size: int = 50) -> ConversationPage:
    """Join what was asked for, a page at a time.

    Time is gone back in slices that double in length, so that a page costs what its own minutes do.
    """
    rows = _newest(records, question, after, size + 1)
    shown = rows[:size]
    last = After(shown[-1][0], tuple(shown[-1][1:5])) if len(rows) > size else None
    return ConversationPage(tuple(map(_conversation, shown)), last)


def _newest(records: Records, question: Question, after: After | None, count: int) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    if after is not None:
        minute = after.minute * MINUTE_MS
        found = list(_slice(records, _within(question, minute, minute + MINUTE_MS), after, count))
        question = _within(question, question.start, minute)
    length, end = MINUTE_MS, question.end
    while len(found) < count and end > question.start:
        start = max((end - length) // MINUTE_MS * MINUTE_MS, question.start)
        found += _slice(records, _within(question, start, end), None, count - len(found))
        length, end = 2 * length, start
    return found


def _within(question: Question, start: int, end: int) -> Question:
    start, end = max(start, question.start), min(end, question.end)
    return Question(question.customer, start, max(start, end), question.search)


def _slice(records: Records, question: Question, after: After | None, count: int) -> Iterator[tuple[Any, ...]]:
    asked = condition(records, question)
    beyond, place = ("true", ()) if after is None else _beyond(after)
    return records.rows(
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
                   {basis_of(question.search).sql}
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
        _terms(*addresses, protocol, port, is_turned=is_turned),
        logged,
        observed,
        flows,
        decisions,
        rules,
        End(ends[0], ends[1]),
        End(ends[2], ends[3]),
        int(row[15]),
    )


def _terms(source: str, destination: str, protocol: int, port: int, *, is_turned: bool) -> tuple[Term, ...]:
    ends = ip_network(source), ip_network(destination)
    if is_turned:
        return (
            *(Addresses(Side.EITHER, (end,)) for end in ends),
            Numbers(NumberKey.PROTO, ((protocol, protocol),)),
            Ports(Side.EITHER, ((port, port),)),
        )
    sides = zip((Side.SOURCE, Side.DESTINATION), ends, strict=True)
    return (*(Addresses(side, (end,)) for side, end in sides), Services(((protocol, port),)))
