"""Edges in the records' file: merged from posts, in the order of their numbers, each once.

`edges_merged` has the number of the last post that was merged. Where a mark of a merged record turns, the record waits
in `turned_records`, and whatever comes next to the edges takes its bytes back first.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import duckdb

from gateway.stores.duckdb.conditions import Condition
from gateway.stores.duckdb.reading import Rows
from gateway.stores.duckdb.usage import of_edges, of_observer
from gateway.traffic.addresses import text
from gateway.traffic.budget import Usage
from gateway.traffic.edges import Edge, Observer, ObserverKind
from shared.flowlog.record import Decision, Direction

_AT_ONCE: Final = 50_000
"""About how many records are merged at once: for so long, a fraction of a second, no post is stored."""
_POSTS: Final = 500
"""The most posts that are merged at once."""
_DAYS: Final = 100
"""Up to so many days are named to the engine one by one, so that it looks at no others."""
_EPOCH: Final = date(1970, 1, 1)
_DAY_MS: Final = 86_400_000
_KEY: Final = ("customer", "day", "observer", "peer", "protocol", "port", "direction", "decision")
_SUMS: Final = ("records", "connections", "bytes_src_to_dst", "bytes_dst_to_src")
_KIND: Final = "if(source = 'agent', 'agent', 'nic')"
_NAME: Final = "if(source = 'agent', host, coalesce(mac, resource_id, ''))"
"""The observer, from what its records repeat."""
_PEER: Final = "if(direction = 'inbound', src_number, dst_number)"
_DAY: Final = f"(time // {_DAY_MS})::INTEGER"
_CONNECTIONS: Final = """CASE WHEN decision IS NULL THEN coalesce(links_established, 0)
                             WHEN state IS NULL OR state IN ('begin', 'deny') THEN 1 ELSE 0 END"""
"""How many connections a record says were opened or denied: an agent's counts them, and logs have a record of each."""
_SEEN: Final = f"""
    seen AS (SELECT DISTINCT customer, origin_id FROM changed),
    named AS (
        SELECT customer, origin_id, {_KIND} AS kind, {_NAME} AS name FROM seen JOIN origins USING (customer, origin_id)
    )
"""  # noqa: S608 - words of ours
"""The observers of changed records: of all that is stored once, no more than these is looked at."""
_NEW_OBSERVERS: Final = f"""
    INSERT INTO observers
    WITH changed AS ({{changed}}), {_SEEN},
    new AS (
        SELECT DISTINCT customer, kind, name FROM named WHERE NOT EXISTS (
            SELECT 1 FROM observers AS known
            WHERE known.customer = named.customer AND known.kind = named.kind AND known.name = named.name
        )
    ),
    taken AS (SELECT customer, max(observer) + 1 AS first FROM observers GROUP BY customer)
    SELECT customer, coalesce(first, 0) + row_number() OVER (PARTITION BY customer ORDER BY kind, name) - 1, kind, name
    FROM new LEFT JOIN taken USING (customer) RETURNING customer, name
"""  # noqa: S608 - words of ours
_PARTS: Final = f"""
    WITH changed AS ({{changed}}), {_SEEN},
    numbered AS (SELECT customer, origin_id, observer FROM named JOIN observers USING (customer, kind, name))
    SELECT customer, {_DAY} AS day, observer, {_PEER} AS peer, protocol, dst_port AS port, direction, decision,
           {{times}} AS records, {{times}} * {_CONNECTIONS} AS connections,
           {{counts}} * coalesce(bytes_src_to_dst, 0) AS bytes_src_to_dst,
           {{counts}} * coalesce(bytes_dst_to_src, 0) AS bytes_dst_to_src, time
    FROM changed JOIN numbered USING (customer, origin_id)
"""  # noqa: S608 - words of ours
"""What records bring to edges: `times` says how often a record comes, `counts` how often its bytes do."""
_SAME: Final = " AND ".join(f"edges.{name} IS NOT DISTINCT FROM more.{name}" for name in _KEY)
_MERGE: Final = f"""
    MERGE INTO edges USING (
        SELECT {", ".join(_KEY)}, {", ".join(f"sum({name})::HUGEINT AS {name}" for name in _SUMS)},
               min(time) AS first, max(time) AS last
        FROM ({_PARTS}) GROUP BY ALL
    ) AS more ON edges.day {{days}} AND {_SAME}
    WHEN MATCHED THEN UPDATE SET
        {", ".join(f"{name} = edges.{name} + more.{name}" for name in _SUMS)},
        first = least(edges.first, more.first), last = greatest(edges.last, more.last)
    WHEN NOT MATCHED AND more.records > 0 THEN INSERT ({", ".join((*_KEY, *_SUMS, "first", "last"))})
        VALUES ({", ".join(f"more.{name}" for name in (*_KEY, *_SUMS, "first", "last"))})
    RETURNING merge_action, customer
"""  # noqa: S608 - words of ours
_TURNED: Final = """
    SELECT records.*, if(counts, 1, -1) AS sign FROM records JOIN turned_records USING (post, line)
    WHERE post BETWEEN {first} AND {last}
"""
_TIMES: Final = f"""
    UPDATE edges SET first = more.first, last = more.last
    FROM (
        SELECT {", ".join(_KEY)}, count(*) AS records, min(time) AS first, max(time) AS last
        FROM ({_PARTS}) GROUP BY ALL
    ) AS more WHERE edges.day {{days}} AND edges.records = more.records AND {_SAME}
"""  # noqa: S608 - words of ours


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did.

    Attributes:
        more: What is stored besides, by customer.
        is_all: Whether nothing waits any more.
    """

    more: dict[int, Usage]
    is_all: bool


def edges(rows: Rows, customer: int, first: date, last: date) -> Iterator[Edge]:
    """Yield a customer's edges of the days from the first to the last, in their order."""
    found = rows(
        f"""SELECT day, kind, name, peer, protocol, port, direction, decision, {", ".join(_SUMS)}, first, last
            FROM edges JOIN observers USING (customer, observer) WHERE customer = ? AND day BETWEEN ? AND ?
            ORDER BY day, kind, name, peer, protocol, port, direction, decision""",  # noqa: S608 - words of ours
        [customer, _number(first), _number(last)],
    )
    for day, kind, name, peer, protocol, port, direction, decision, *sums in found:
        yield Edge(
            _EPOCH + timedelta(days=day),
            Observer(ObserverKind(kind), name),
            text(peer),
            protocol,
            port,
            None if direction is None else Direction(direction),
            None if decision is None else Decision(decision),
            *map(int, sums),
        )


def anything_waits(rows: Rows) -> bool:
    """Return whether there is anything to merge."""
    waits = """SELECT (SELECT coalesce(max(id), 0) FROM posts) > (SELECT post FROM edges_merged)
                      OR EXISTS (SELECT 1 FROM turned_records)"""
    return bool(next(rows(waits, []))[0])


def merge(cursor: duckdb.DuckDBPyConnection) -> Merged:
    """Take back what turned and merge the next posts, in an open transaction."""
    take_back(cursor)
    ((done, newest),) = cursor.execute(
        "SELECT post, greatest(post, (SELECT coalesce(max(id), 0) FROM posts)) FROM edges_merged"
    ).fetchall()
    last = _last(cursor, done, newest)
    more: dict[int, Usage] = {}
    if last > done:
        changed = f"SELECT * FROM records WHERE post > {done:d} AND post <= {last:d}"  # noqa: S608 - numbers
        for customer, name in cursor.execute(_NEW_OBSERVERS.format(changed=changed)).fetchall():
            more[customer] = more.get(customer, Usage()) + of_observer(name)
        for customer, count in _merge(cursor, changed, times="1", counts="counted::INT").items():
            more[customer] = more.get(customer, Usage()) + of_edges(count)
        cursor.execute("UPDATE edges_merged SET post = ?", [last])
    return Merged(more, last == newest)


def take_back(cursor: duckdb.DuckDBPyConnection) -> None:
    """Bring the bytes up to date, in an open transaction, of merged records whose marks turned."""
    ((first, last),) = cursor.execute("SELECT min(post), max(post) FROM turned_records").fetchall()
    if first is not None:
        _merge(cursor, _TURNED.format(first=first, last=last), times="0", counts="sign")
        cursor.execute("DELETE FROM turned_records")


def take_out(cursor: duckdb.DuckDBPyConnection, customer: int, erased: Condition) -> None:
    """Take out of a customer's edges, in an open transaction, what records brought that are to be erased next.

    Of an edge that all other records of are still there, the first and the last time are theirs from now on.
    """
    take_back(cursor)
    merged = "post <= (SELECT post FROM edges_merged)"
    gone = f"SELECT * FROM records WHERE {erased.sql} AND {merged}"  # noqa: S608 - ours
    days = _days(cursor, gone, erased.parameters)
    if days is None:
        return
    _merge(cursor, gone, times="-1", counts="-counted::INT", parameters=erased.parameters)
    cursor.execute(f"DELETE FROM edges WHERE customer = ? AND day {days} AND records <= 0", [customer])  # noqa: S608 - ours
    left = f"""SELECT * FROM records WHERE customer = {customer:d} AND {_DAY} {days} AND {merged}
               AND NOT coalesce({erased.sql}, false) AND {_PEER} IN (SELECT {_PEER} FROM ({gone}))"""  # noqa: S608 - ours
    cursor.execute(_TIMES.format(changed=left, times="1", counts="1", days=days), erased.parameters * 2)
    _forget_observers(cursor, f"customer = {customer:d}")


def forget(cursor: duckdb.DuckDBPyConnection, before: date) -> int:
    """Forget, in an open transaction, the edges of days before one, and observers that have no others."""
    ((gone,),) = cursor.execute("DELETE FROM edges WHERE day < ?", [_number(before)]).fetchall()
    if gone:
        _forget_observers(cursor, "true")
    return int(gone)


def _forget_observers(cursor: duckdb.DuckDBPyConnection, whose: str) -> None:
    cursor.execute(
        f"""DELETE FROM observers WHERE {whose} AND (customer, observer) NOT IN (
                SELECT DISTINCT (customer, observer) FROM edges WHERE {whose})"""  # noqa: S608 - ours
    )


def _last(cursor: duckdb.DuckDBPyConnection, done: int, newest: int) -> int:
    """Return the number of the last post to merge at once; that of the one before if there is none."""
    last = min(done + _POSTS, newest)
    counts = cursor.execute(
        "SELECT post, count(*) FROM records WHERE post > ? AND post <= ? GROUP BY post ORDER BY post", [done, last]
    ).fetchall()
    gathered = 0
    for post, count in counts:
        gathered += count
        if gathered >= _AT_ONCE:
            return int(post)
    return int(last)


def _merge(
    cursor: duckdb.DuckDBPyConnection, changed: str, *, times: str, counts: str, parameters: tuple[object, ...] = ()
) -> Counter[int]:
    """Merge what records bring; return how many edges are new, by customer."""
    days = _days(cursor, changed, parameters)
    if days is None:
        return Counter()
    merged = cursor.execute(
        _MERGE.format(times=times, counts=counts, changed=changed, days=days), parameters
    ).fetchall()
    return Counter(customer for action, customer in merged if action == "INSERT")


def _days(cursor: duckdb.DuckDBPyConnection, changed: str, parameters: tuple[object, ...]) -> str | None:
    """Return what asks for the days of records; None if there are no records."""
    rows = cursor.execute(f"SELECT DISTINCT {_DAY} AS day FROM ({changed}) ORDER BY day", parameters).fetchall()  # noqa: S608
    days = [f"{day:d}" for (day,) in rows]
    if not days:
        return None
    return f"IN ({', '.join(days)})" if len(days) <= _DAYS else f"BETWEEN {days[0]} AND {days[-1]}"


def _number(day: date) -> int:
    return (day - _EPOCH).days
