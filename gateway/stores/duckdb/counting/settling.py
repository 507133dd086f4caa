"""The rule as statements over one whole hour, for hours that wait and for records of before there was a rule.

Only records that measured something decide, and only they count. An outbound record of a NIC counts, unless the NIC
also receives from that address and another NIC logs the address; an inbound one where no NIC logs its source. Of a
NIC's logs the VNet flow log counts whose id is first, before its NSG logs. An agent's record counts where neither of
its addresses is a NIC's own; of two agents' that of the end which opened the flow.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import duckdb

from gateway.stores.duckdb.counting.facts import MEASURED, NIC, within
from gateway.stores.duckdb.counting.turning import turning
from gateway.stores.duckdb.flow_records import with_origins

_SAID: Final = 100
"""After how many hours it is said how far the marking is."""
_BYTES: Final = "coalesce(bytes_src_to_dst, 0) + coalesce(bytes_dst_to_src, 0)"
_SHOWN: Final = f"""
    WITH r AS MATERIALIZED (
        SELECT post, line, direction, src_number AS source, dst_number AS destination, protocol,
               src_port AS source_port, dst_port AS port, origins.source AS kind, {NIC} AS nic,
               coalesce(flow_log_id, '') AS flow_log
        FROM records {{origins}} WHERE {{within}} AND {MEASURED}
    ), known AS (
        SELECT * FROM facts WHERE customer = {{customer}} AND hour = {{hour}}
    ), logged AS MATERIALIZED (
        SELECT source AS address, nic FROM r WHERE kind <> 'agent' AND direction = 'outbound'
        UNION SELECT address, nic FROM known WHERE address IS NOT NULL AND nic IS NOT NULL
    ), own AS MATERIALIZED (
        SELECT address FROM logged UNION SELECT destination FROM r WHERE kind <> 'agent' AND direction = 'inbound'
        UNION SELECT address FROM known WHERE address IS NOT NULL
    ), first_logs AS MATERIALIZED (
        SELECT nic, min(flow_log) AS flow_log FROM (
            SELECT nic, flow_log FROM r WHERE kind = 'vnet'
            UNION ALL SELECT nic, flow_log FROM known WHERE flow_log IS NOT NULL
        ) GROUP BY nic
    )"""  # noqa: S608 - words of ours
_COUNTS: Final = """
    , forwarded AS (
        SELECT DISTINCT (address, logged.nic) FROM logged
        JOIN r ON r.nic = logged.nic AND r.source = address AND r.kind <> 'agent' AND r.direction = 'inbound'
        WHERE address IN (SELECT address FROM logged GROUP BY address HAVING count(*) > 1)
    ), opened AS (
        SELECT DISTINCT (source, destination, protocol, port) FROM r WHERE kind = 'agent' AND direction = 'outbound'
    ), counts AS (
        SELECT post, line FROM r WHERE CASE
            WHEN kind = 'agent' THEN
                source NOT IN (FROM own) AND destination NOT IN (FROM own) AND (
                    coalesce(direction = 'outbound', false)
                    OR (source, destination, protocol, port) NOT IN (FROM opened)
                    AND (direction IS NOT NULL OR (destination, source, protocol, source_port) NOT IN (FROM opened))
                )
            ELSE
                (kind = 'vnet' AND flow_log = (SELECT flow_log FROM first_logs WHERE first_logs.nic = r.nic)
                 OR r.nic NOT IN (SELECT nic FROM first_logs))
                AND CASE direction
                    WHEN 'inbound' THEN source NOT IN (SELECT address FROM logged)
                    ELSE (source, nic) NOT IN (FROM forwarded)
                END
        END
    )"""
_UNMARK: Final = """
    UPDATE records SET counted = false, counted_bytes = 0
    WHERE {within} AND counted AND (post, line) NOT IN (SELECT (post, line) FROM counts)"""
_NEW_FACTS: Final = """
    INSERT INTO facts SELECT {customer}, {hour}, * FROM (
        SELECT address, nic, NULL FROM logged
        UNION ALL SELECT address, NULL, NULL FROM own WHERE address NOT IN (SELECT address FROM logged)
        UNION ALL SELECT NULL, nic, flow_log FROM first_logs
        EXCEPT SELECT address, nic, flow_log FROM known
    )"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An hour that waits to be settled.

    Attributes:
        customer: The number of the customer whose hour it is.
        hour: The hour, counted from the epoch.
        unmarked: Whether records of it were stored before there were marks.
    """

    customer: int
    hour: int
    unmarked: bool


def settle(cursor: duckdb.DuckDBPyConnection, waiting: Waiting) -> int:
    """Mark the records of an hour, in an open transaction, so that it waits no longer.

    Returns:
        How many more facts about hours are kept; fewer if it is negative.
    """
    names = {
        "customer": f"{waiting.customer:d}",
        "hour": f"{waiting.hour:d}",
        "within": within(waiting.customer, waiting.hour),
        "origins": with_origins(waiting.customer),
    }
    with turning(cursor, waiting.customer, waiting.hour, names["within"]) as turned:
        if waiting.unmarked:
            cursor.execute(
                f"UPDATE records SET counted = true, counted_bytes = {_BYTES} WHERE {names['within']} AND {MEASURED}"  # noqa: S608
            )
        cursor.execute(f"{_SHOWN}{_COUNTS}{_UNMARK}".format(**names))
    ((new,),) = cursor.execute(f"{_SHOWN}{_NEW_FACTS}".format(**names)).fetchall()
    ((gone,),) = cursor.execute(
        "DELETE FROM unsettled WHERE customer = ? AND hour = ?", [waiting.customer, waiting.hour]
    ).fetchall()
    return int(new) - int(gone) + turned.hours


class Settler:
    """Settles hours that are over, of one customer after another; one at a time."""

    def __init__(self) -> None:
        self._last = 0
        self._failed: set[Waiting] = set()

    def next(self, cursor: duckdb.DuckDBPyConnection, before: int) -> Waiting | None:
        """Return the next hour to settle, an hour before one that is given; None if none waits.

        Until it is `settled`, it has failed: whatever goes wrong, others have their turn first.
        """
        waiting = _next(cursor, self._last, before, self._failed)
        if waiting is None:
            self._failed.clear()
        else:
            self._last = waiting.customer
            self._failed.add(waiting)
        return waiting

    def settled(self, waiting: Waiting) -> None:
        """Know that an hour is settled: it is committed."""
        self._failed.discard(waiting)


def _next(cursor: duckdb.DuckDBPyConnection, after: int, before: int, without: Collection[Waiting]) -> Waiting | None:
    """Return the newest hour that waits of the customer whose turn it is; None if none waits.

    Args:
        cursor: Where to ask.
        after: The number of the customer whose turn was before.
        before: Only hours before this one: one that goes on would have to be settled again and again.
        without: Those that could not be settled of late.
    """
    failed = [f"({each.customer:d}, {each.hour:d})" for each in without]
    leave_out = f"AND (customer, hour) NOT IN (VALUES {', '.join(failed)})" if failed else ""
    for others in ("customer > ?", "customer <= ?"):
        row = cursor.execute(
            f"""SELECT customer, hour, unmarked FROM unsettled WHERE {others} AND hour < ? {leave_out}
                ORDER BY customer, hour DESC, unmarked DESC LIMIT 1""",  # noqa: S608 - numbers
            [after, before],
        ).fetchone()
        if row is not None:
            return Waiting(*row)
    return None


def mark_all(connection: duckdb.DuckDBPyConnection, say: Callable[[str], None]) -> int:
    """Mark the records that were stored before there were marks, an hour a transaction; return how many hours."""
    query = "SELECT DISTINCT customer, hour, true FROM unsettled WHERE unmarked ORDER BY ALL"
    waiting = [Waiting(*row) for row in connection.execute(query).fetchall()]
    for number, each in enumerate(waiting, 1):
        connection.begin()
        try:
            settle(connection, each)
            connection.commit()
        except duckdb.OutOfMemoryException:
            # A start is not held up by what the gateway tries again as it serves.
            connection.rollback()
            say("the bytes of an hour will be settled later, because that needs more memory than is free now")
        if number % _SAID == 0 or number == len(waiting):
            say(f"bytes settled in {number:,} of {len(waiting):,} hours")
    return len(waiting)
