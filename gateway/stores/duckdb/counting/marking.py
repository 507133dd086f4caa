"""Decides which records of a post count, and turns what earlier ones do not count any more, as the post is stored."""

from collections.abc import Iterable
from typing import Final

import duckdb
import numpy as np

from gateway.stores.duckdb.counting import facts
from gateway.stores.duckdb.counting.batch import Array, Batch
from gateway.stores.duckdb.counting.hour import Hour, Logged, Shown, received
from gateway.stores.duckdb.counting.kept import Hours
from gateway.stores.duckdb.counting.turning import turn
from gateway.stores.duckdb.usage import Admit, of_facts

HOURS_AT_ONCE: Final = 6
"""How many hours a post pays for, the newest first; further ones wait. A late month would hold up all others."""


class Marking:
    """Marks records; one post at a time, each in the transaction that stores it."""

    def __init__(self) -> None:
        self._hours = Hours(facts.read_hour)
        self._any_wait = True

    def forget(self) -> None:
        """Forget all that is in memory, as after records were deleted."""
        self._hours.clear()
        self._any_wait = True

    def doubt(self, customer: int) -> None:
        """Forget what is in memory of a customer: its post was not stored."""
        self._hours.forget(customer)
        self._any_wait = True

    def mark(self, cursor: duckdb.DuckDBPyConnection, customer: int, batch: Batch, admit: Admit) -> Array:
        """Return for each record whether it counts; turn those stored before that do not count any more.

        Args:
            cursor: Where the transaction is open. The batch is not stored yet.
            customer: The number of the customer whose records these are.
            batch: The records.
            admit: Told what is to be kept of what they show; raises what undoes the transaction.
        """
        counted = batch.measured.copy()
        found = np.unique(batch.hours[batch.measured])[::-1].tolist()
        waiting = self._waiting(cursor, customer, found)
        known = [hour for hour in found if hour not in waiting]
        late = known[HOURS_AT_ONCE:]
        for number in known[:HOURS_AT_ONCE]:
            at = facts.OpenHour(cursor, customer, number)
            hour = self._hours.find(at)
            if hour is None:
                late.append(number)
                continue
            here, size = np.flatnonzero(batch.measured & (batch.hours == number)), hour.size
            shown = hour.new_in(batch, here)
            facts.write(at, shown, admit)
            if _learn(at, hour, shown, received(batch, here)):
                admit(of_facts(1))
            counted[here] = hour.verdicts(batch, here)
            self._hours.grown(at, hour.size - size)
        self._let_wait(cursor, customer, late, admit)
        return counted

    def _waiting(self, cursor: duckdb.DuckDBPyConnection, customer: int, hours: list[int]) -> set[int]:
        if not self._any_wait:
            return set()
        self._any_wait = cursor.execute("SELECT 1 FROM unsettled LIMIT 1").fetchone() is not None
        query = "SELECT hour FROM unsettled WHERE customer = ? AND hour IN (SELECT unnest(?::INTEGER[]))"
        return {hour for (hour,) in cursor.execute(query, [customer, hours]).fetchall()}

    def _let_wait(self, cursor: duckdb.DuckDBPyConnection, customer: int, hours: list[int], admit: Admit) -> None:
        if hours:
            admit(of_facts(len(hours)))
            self._any_wait = True
            cursor.execute("INSERT INTO unsettled SELECT ?, unnest(?::INTEGER[]), false", [customer, hours])


def _learn(at: facts.OpenHour, hour: Hour, new: Shown, received_from: set[Logged]) -> bool:
    """Let an hour learn what records show that are about to be stored; return whether any that are stored turned."""
    hour.learn(new)
    if hour.has_records and (several := hour.several(address for address, _ in new.logged)):
        received_from = received_from.union(facts.read_received(at, several))
    forwarded = hour.forwards(received_from)
    hour.learn(Shown(forwarded=forwarded))
    turned = hour.has_records and _turn(at, hour, new, forwarded)
    hour.has_records = True
    return turned


def _turn(at: facts.OpenHour, hour: Hour, new: Shown, forwarded: frozenset[Logged]) -> bool:
    """Turn the stored records of an hour that do not count any more, by what was new; return whether there are any."""
    either = []
    if new.logged:
        logged = facts.listed(at, "logged", {address for address, _ in new.logged})
        either.append(f"direction = 'inbound' AND {facts.FROM_LOGS} AND src_number IN ({logged})")
    if new.own:
        own = facts.listed(at, "own", new.own)
        either.append(f"NOT {facts.FROM_LOGS} AND (src_number IN ({own}) OR dst_number IN ({own}))")
    if new.opened:
        flows = facts.listed_flows(at, "opened", new.opened)
        either.append(
            f"NOT {facts.FROM_LOGS} AND direction IS DISTINCT FROM 'outbound' AND ("
            f"(src_number, dst_number, protocol, dst_port) IN ({flows}) OR "
            f"(direction IS NULL AND (dst_number, src_number, protocol, src_port) IN ({flows})))"
        )
    if new.flow_logs and _superseded(at, hour, new.flow_logs):
        either.append(f"{facts.FROM_LOGS} AND origin_id IN (SELECT origin_id FROM superseded)")  # noqa: S608 - ours
    if forwarded:
        _register_forwarded(at, forwarded)
        either.append(
            "direction = 'outbound' AND (src_number, origin_id) IN (SELECT (address, origin_id) FROM forwarded)"
        )
    if not either:
        return False
    return turn(at.cursor, at.customer, at.number, f"counted AND {at.within} AND (({') OR ('.join(either)}))")


def _superseded(at: facts.OpenHour, hour: Hour, nics: Iterable[str]) -> bool:
    """Gather the numbers of what NICs' other logs repeat, as a table; return whether there are any.

    As a table, since a NIC may have as many as a customer may have texts.
    """
    known = list(nics)
    at.cursor.execute(
        f"""CREATE OR REPLACE TEMP TABLE superseded AS SELECT origin_id FROM origins
            JOIN (SELECT unnest(?::VARCHAR[]) AS nic, unnest(?::VARCHAR[]) AS first_log) ON {facts.NIC} = nic
            WHERE customer = ? AND source <> 'agent' AND (
                source <> 'vnet' OR coalesce(flow_log_id, '') <> first_log)""",  # noqa: S608 - ours
        [known, [hour.flow_logs[nic] for nic in known], at.customer],
    )
    return at.cursor.execute("SELECT 1 FROM superseded LIMIT 1").fetchone() is not None


def _register_forwarded(at: facts.OpenHour, forwarded: Iterable[Logged]) -> None:
    """Make a table of the addresses that NICs forward, each with the numbers of what the NIC's logs repeat."""
    addresses, nics = zip(*forwarded, strict=True)
    at.cursor.execute(
        f"""CREATE OR REPLACE TEMP TABLE forwarded AS SELECT address, origin_id FROM origins
            JOIN (SELECT unnest(?::VARCHAR[])::UHUGEINT AS address, unnest(?::VARCHAR[]) AS nic) ON {facts.NIC} = nic
            WHERE customer = ? AND source <> 'agent'""",  # noqa: S608 - ours
        [list(map(str, addresses)), list(nics), at.customer],
    )
