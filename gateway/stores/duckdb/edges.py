"""Edges in the records' file: merged from posts, in the order of their numbers, each once.

`edges_merged` has the number of the last post that was merged. Where a mark of a merged record turns, the record waits
in `turned_records`, and the next merge takes its bytes back.
"""

from collections import Counter
from collections.abc import Iterator
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
"""About how many records are merged at once: for so long, a part of a second, no post is stored."""
_POSTS: Final = 500
"""As many posts are merged at once, at most."""
_EPOCH: Final = date(1970, 1, 1)
_DAY_MS: Final = 86_400_000
_KEY: Final = ("customer", "day", "observer", "peer", "protocol", "port", "direction", "decision")
_SUMS: Final = ("records", "connections", "bytes_src_to_dst", "bytes_dst_to_src")
_KIND: Final = "if(source = 'agent', 'agent', 'nic')"
_NAME: Final = "if(source = 'agent', host, coalesce(mac, resource_id, ''))"
"""The observer, from what its records repeat."""
_CONNECTIONS: Final = """CASE WHEN decision IS NULL THEN coalesce(links_established, 0)
                             WHEN state IS NULL OR state IN ('begin', 'deny') THEN 1 ELSE 0 END"""
"""How many connections a record says were opened or denied: an agent's counts them, and logs have a record of each."""
_NEW_OBSERVERS: Final = f"""
    INSERT INTO observers
    WITH seen AS (SELECT DISTINCT customer, origin_id FROM records WHERE {{within}}),
    new AS (
        SELECT DISTINCT customer, {_KIND} AS kind, {_NAME} AS name FROM seen JOIN origins USING (customer, origin_id)
        EXCEPT SELECT customer, kind, name FROM observers
    ),
    taken AS (SELECT customer, max(observer) + 1 AS first FROM observers GROUP BY customer)
    SELECT customer, coalesce(first, 0) + row_number() OVER (PARTITION BY customer ORDER BY kind, name) - 1, kind, name
    FROM new LEFT JOIN taken USING (customer) RETURNING customer, name
"""  # noqa: S608 - words of ours
_PARTS: Final = f"""
    SELECT customer, (time // {_DAY_MS})::INTEGER AS day, observer,
           if(direction = 'inbound', src_number, dst_number) AS peer, protocol, dst_port AS port, direction, decision,
           {{times}} AS records, {{times}} * {_CONNECTIONS} AS connections,
           {{counts}} * coalesce(bytes_src_to_dst, 0) AS bytes_src_to_dst,
           {{counts}} * coalesce(bytes_dst_to_src, 0) AS bytes_dst_to_src, time
    FROM ({{changed}}) JOIN (
        SELECT origins.customer, origin_id, observer FROM origins
        JOIN observers ON observers.customer = origins.customer AND kind = {_KIND} AND observers.name = {_NAME}
    ) USING (customer, origin_id)
"""  # noqa: S608 - words of ours
"""What records bring to edges: `times` says how often a record comes, `counts` how often its bytes do."""
_MERGE: Final = f"""
    MERGE INTO edges USING (
        SELECT {", ".join(_KEY)}, {", ".join(f"sum({name})::BIGINT AS {name}" for name in _SUMS)},
               min(time) AS first, max(time) AS last
        FROM ({_PARTS}) GROUP BY ALL
    ) AS more
    ON edges.day BETWEEN {{days}} AND {" AND ".join(f"edges.{name} IS NOT DISTINCT FROM more.{name}" for name in _KEY)}
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
            *sums,
        )


def merge(cursor: duckdb.DuckDBPyConnection) -> dict[int, Usage] | None:
    """Merge the next posts, in an open transaction, and take back what turned.

    Returns:
        What is stored besides, by customer; None if there was nothing to merge.

    """
    turned = _take_back(cursor)
    ((done,),) = cursor.execute("SELECT post FROM edges_merged").fetchall()
    last = _last(cursor, done)
    if last == done:
        return {} if turned else None
    within = f"post > {done:d} AND post <= {last:d}"
    more: dict[int, Usage] = {}
    for customer, name in cursor.execute(_NEW_OBSERVERS.format(within=within)).fetchall():
        more[customer] = more.get(customer, Usage()) + of_observer(name)
    new = _merge(cursor, f"SELECT * FROM records WHERE {within}", times="1", counts="counted::INT")  # noqa: S608 - ours
    for customer, count in new.items():
        more[customer] = more.get(customer, Usage()) + of_edges(count)
    cursor.execute("UPDATE edges_merged SET post = ?", [last])
    return more


def take_out(cursor: duckdb.DuckDBPyConnection, customer: int, erased: Condition) -> None:
    """Take out of a customer's edges, in an open transaction, what records brought that are to be erased."""
    _take_back(cursor)
    merged = f"SELECT * FROM records WHERE {erased.sql} AND post <= (SELECT post FROM edges_merged)"  # noqa: S608 - ours
    _merge(cursor, merged, times="-1", counts="-counted::INT", parameters=erased.parameters)
    cursor.execute("DELETE FROM edges WHERE customer = ? AND records <= 0", [customer])


def forget(cursor: duckdb.DuckDBPyConnection, before: date) -> int:
    """Forget, in an open transaction, the edges of days before one, and observers that have no others."""
    ((gone,),) = cursor.execute("DELETE FROM edges WHERE day < ?", [_number(before)]).fetchall()
    if gone:
        cursor.execute(
            """DELETE FROM observers WHERE NOT EXISTS (
                   SELECT 1 FROM (SELECT DISTINCT customer, observer FROM edges) AS used
                   WHERE used.customer = observers.customer AND used.observer = observers.observer)"""
        )
    return int(gone)


def _last(cursor: duckdb.DuckDBPyConnection, done: int) -> int:
    """Return the number of the last post to merge at once; that of the one before if there is none."""
    ((newest,),) = cursor.execute("SELECT coalesce(max(id), 0) FROM posts").fetchall()
    last = max(done, min(done + _POSTS, newest))
    counts = cursor.execute(
        "SELECT post, count(*) FROM records WHERE post > ? AND post <= ? GROUP BY post ORDER BY post", [done, last]
    ).fetchall()
    gathered = 0
    for post, count in counts:
        gathered += count
        if gathered >= _AT_ONCE:
            return int(post)
    return int(last)


def _take_back(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Bring the bytes up to date of merged records whose marks turned; return whether there are any."""
    ((first, last),) = cursor.execute("SELECT min(post), max(post) FROM turned_records").fetchall()
    if first is None:
        return False
    _merge(cursor, _TURNED.format(first=first, last=last), times="0", counts="sign")
    cursor.execute("DELETE FROM turned_records")
    return True


def _merge(
    cursor: duckdb.DuckDBPyConnection, changed: str, *, times: str, counts: str, parameters: tuple[object, ...] = ()
) -> Counter[int]:
    """Merge what records bring; return how many edges are new, by customer."""
    days = cursor.execute(
        f"SELECT min(time) // {_DAY_MS}, max(time) // {_DAY_MS} FROM ({changed})",  # noqa: S608 - words of ours
        parameters,
    ).fetchall()[0]
    if days[0] is None:
        return Counter()
    # The days spare a look at all the others.
    merged = cursor.execute(
        _MERGE.format(times=times, counts=counts, changed=changed, days=f"{days[0]:d} AND {days[1]:d}"), parameters
    ).fetchall()
    return Counter(customer for action, customer in merged if action == "INSERT")


def _number(day: date) -> int:
    return (day - _EPOCH).days
