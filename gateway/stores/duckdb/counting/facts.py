"""Facts about hours, stored in the records' file for as long as the hours have records.

A row of the table `facts` is one of three: an address with a NIC, which logs it as the source of what goes out; an
address alone, which is a NIC's own; or a NIC with a VNet flow log that logs it, of which that counts whose id is first.
Rows are added and never changed.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np

from gateway.stores.duckdb.counting.batch import HOUR_MS, Array
from gateway.stores.duckdb.counting.hour import Flow, Hour, Logged, Shown
from gateway.stores.duckdb.flow_records import with_origins
from gateway.stores.duckdb.usage import Admit, of_facts

MEASURED: Final = "coalesce(packets_src_to_dst, bytes_src_to_dst, packets_dst_to_src, bytes_dst_to_src) IS NOT NULL"
"""Holds for the records that have a counter."""
FROM_LOGS: Final = "decision IS NOT NULL"
"""Holds for the records of logs, each of which says what a rule decided, and for none of an agent's."""
NIC: Final = "coalesce(mac, resource_id, '')"
"""What a NIC is called."""
_LOW: Final = 0xFFFF_FFFF_FFFF_FFFF
_FEW: Final = 100


@dataclass(frozen=True, slots=True)
class OpenHour:
    """An hour of a customer's in a transaction that is open.

    Attributes:
        cursor: Where it is open.
        customer: The number of the customer.
        number: The hour, counted from the epoch.
    """

    cursor: duckdb.DuckDBPyConnection
    customer: int
    number: int

    @property
    def within(self) -> str:
        """What asks for its records."""
        return within(self.customer, self.number)


def within(customer: int, hour: int) -> str:
    """Ask for the records of a customer's hour."""
    return f"customer = {customer:d} AND time >= {hour * HOUR_MS:d} AND time < {(hour + 1) * HOUR_MS:d}"


def listed(at: OpenHour, name: str, addresses: Iterable[int]) -> str:
    """Write numbers of addresses for SQL: few as they are, which is faster, and many as a table of a name."""
    numbers = list(addresses)
    if len(numbers) <= _FEW:
        return ", ".join(f"{each:d}::UHUGEINT" for each in numbers)
    at.cursor.register(name, _arrays("address", numbers))
    return f"SELECT {_whole('address')} FROM {name}"  # noqa: S608 - names of ours


def listed_flows(at: OpenHour, name: str, flows: Collection[Flow]) -> str:
    """Write flows for SQL as a table of a name."""
    sources, destinations, protocols, ports = zip(*flows, strict=True)
    numbers = {"protocol": np.array(protocols, np.uint8), "port": np.array(ports, np.uint16)}
    at.cursor.register(name, _arrays("source", sources) | _arrays("destination", destinations) | numbers)
    return f"SELECT ({_whole('source')}, {_whole('destination')}, protocol, port) FROM {name}"  # noqa: S608 - as above


def _arrays(name: str, numbers: Iterable[int]) -> dict[str, Array]:
    """Turn numbers of 128 bits, which numpy has none of, into two arrays."""
    known = list(numbers)
    return {
        f"{name}_high": np.array([each >> 64 for each in known], np.uint64),
        f"{name}_low": np.array([each & _LOW for each in known], np.uint64),
    }


def _whole(name: str) -> str:
    """Read in SQL what `_arrays` wrote."""
    return f"(({name}_high::UHUGEINT << 64) | {name}_low)"


def read_hour(at: OpenHour, most: int) -> Hour | None:
    """Read what an hour has shown; None if that is more than so many things."""
    cursor, own_hour = at.cursor, [at.customer, at.number]
    ((facts,),) = cursor.execute("SELECT count(*) FROM facts WHERE customer = ? AND hour = ?", own_hour).fetchall()
    ((flows,),) = cursor.execute(f"SELECT count(*) FROM ({_opening(at)} LIMIT {most + 1:d})").fetchall()  # noqa: S608
    if facts + flows > most:
        return None
    found = Hour(has_records=_has_records(at))
    if not found.has_records:
        return found
    cursor.execute(
        f"SELECT nic, flow_log, {_halves('address')} FROM facts WHERE customer = ? AND hour = ?",  # noqa: S608 - ours
        own_hour,
    )
    logged: set[Logged] = set()
    own: set[int] = set()
    flow_logs: dict[str, str] = {}
    for nic, flow_log, address in _rows(cursor, addresses=1):
        if flow_log is not None:
            flow_logs[nic] = min(flow_log, flow_logs.get(nic, flow_log))
            continue
        own.add(address)
        if nic is not None:
            logged.add((address, nic))
    found.learn(Shown(frozenset(logged), frozenset(own), flow_logs, frozenset(_opened(at))))
    several = found.several(address for address, _ in logged)
    found.learn(Shown(forwarded=found.forwards(read_received(at, several))))
    return found


def read_received(at: OpenHour, addresses: Iterable[int]) -> Iterator[Logged]:
    """Return which of some addresses NICs received from in an hour, each with the NIC."""
    if numbers := listed(at, "asked", addresses):
        at.cursor.execute(
            f"""SELECT DISTINCT {NIC}, {_halves("src_number")} FROM records {with_origins(at.customer)}
                WHERE {at.within} AND {FROM_LOGS} AND {MEASURED} AND direction = 'inbound'
                AND src_number IN ({numbers})"""  # noqa: S608 - numbers
        )
        for nic, address in _rows(at.cursor, addresses=1):
            yield address, nic


def write(at: OpenHour, new: Shown, admit: Admit) -> None:
    """Write what an hour had not shown before, if that is admitted."""
    rows = [
        *((address, nic, None) for address, nic in new.logged),
        *((address, None, None) for address in new.own - {address for address, _ in new.logged}),
        *((None, nic, flow_log) for nic, flow_log in new.flow_logs.items()),
    ]
    if rows:
        admit(of_facts(len(rows)))
        addresses, nics, flow_logs = zip(*rows, strict=True)
        at.cursor.execute(
            """INSERT INTO facts SELECT ?, ?, unnest(?::VARCHAR[])::UHUGEINT, unnest(?::VARCHAR[]),
               unnest(?::VARCHAR[])""",
            [
                at.customer,
                at.number,
                [None if each is None else str(each) for each in addresses],
                list(nics),
                list(flow_logs),
            ],
        )


def forget(cursor: duckdb.DuckDBPyConnection) -> None:
    """Forget, in an open transaction, the hours that have no records any more; marks stay as they are."""
    left = f"SELECT DISTINCT (customer, (time // {HOUR_MS})::INTEGER) FROM records"  # noqa: S608 - a number
    for table in ("facts", "unsettled", "turned_hours"):
        cursor.execute(f"DELETE FROM {table} WHERE (customer, hour) NOT IN ({left})")  # noqa: S608 - names of ours


def _opened(at: OpenHour) -> Iterator[Any]:
    at.cursor.execute(_opening(at))
    for protocol, port, source, destination in _rows(at.cursor, addresses=2):
        yield source, destination, protocol, port


def _opening(at: OpenHour) -> str:
    """Ask for the flows that agents opened."""
    return f"""SELECT DISTINCT protocol, dst_port, {_halves("src_number")}, {_halves("dst_number")} FROM records
               WHERE {at.within} AND NOT {FROM_LOGS} AND {MEASURED} AND direction = 'outbound'"""  # noqa: S608 - ours


def _has_records(at: OpenHour) -> bool:
    return at.cursor.execute(f"SELECT 1 FROM records WHERE {at.within} LIMIT 1").fetchone() is not None  # noqa: S608


def _halves(column: str) -> str:
    """Ask for a number of 128 bits as two: fifty thousand of the former take the driver more than a second."""
    return f"({column} >> 64)::UBIGINT, ({column} & {_LOW})::UBIGINT"


def _rows(cursor: duckdb.DuckDBPyConnection, addresses: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows that end in the halves of so many numbers, as whole ones."""
    while rows := cursor.fetchmany(10_000):
        for row in rows:
            values, halves = row[: -2 * addresses], row[-2 * addresses :]
            wide = (
                None if high is None else high << 64 | low for high, low in zip(halves[::2], halves[1::2], strict=True)
            )
            yield *values, *wide
