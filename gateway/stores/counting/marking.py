"""Decides which records of a post count, and turns what earlier ones do not count any more, as the post is stored."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

import duckdb
import numpy as np

from gateway.stores.counting import facts
from gateway.stores.counting.batch import Array, Batch
from gateway.stores.counting.hour import Hour, Logged, Shown, received
from gateway.stores.usage import Admit

HOURS_AT_ONCE: Final = 6
"""How many hours a post pays for, the newest first; further ones wait. A late month would hold up all others."""
_LARGEST: Final = 200_000
"""How much an hour may have shown to be kept in memory, and all hours of a customer together: some 20 MB."""


class Marking:
    """Marks records; one post at a time, each in the transaction that stores it."""

    def __init__(self) -> None:
        self._hours: dict[int, OrderedDict[int, Hour]] = {}
        self._any_wait = True

    def forget(self) -> None:
        """Forget all that is in memory, as after records were deleted."""
        self._hours.clear()
        self._any_wait = True

    def doubt(self, customer: int) -> None:
        """Forget what is in memory of a customer: its post was not stored."""
        self._hours.pop(customer, None)
        self._any_wait = True

    def mark(self, cursor: duckdb.DuckDBPyConnection, customer: int, batch: Batch, admit: Admit) -> Array:
        """Tell of each record whether it counts; turn those stored before that do not count any more.

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
            hour = self._hour(at)
            if hour is None:
                late.append(number)
                continue
            here = np.flatnonzero(batch.measured & (batch.hours == number))
            shown = hour.new_in(batch, here)
            facts.write(at, shown, admit)
            _learn(at, hour, shown, received(batch, here))
            counted[here] = hour.verdicts(batch, here)
        self._let_wait(cursor, customer, late)
        return counted

    def _hour(self, at: facts.OpenHour) -> Hour | None:
        """Return what an hour has shown; None if that is too much for memory."""
        hours = self._hours.setdefault(at.customer, OrderedDict())
        hour = hours.get(at.number) or facts.read_hour(at, _LARGEST)
        if hour is None or hour.size > _LARGEST:
            hours.pop(at.number, None)
            return None
        hours[at.number] = hour
        hours.move_to_end(at.number)
        while len(hours) > 1 and sum(each.size for each in hours.values()) > _LARGEST:
            hours.popitem(last=False)
        return hour

    def _waiting(self, cursor: duckdb.DuckDBPyConnection, customer: int, hours: list[int]) -> set[int]:
        if not self._any_wait:
            return set()
        self._any_wait = cursor.execute("SELECT 1 FROM unsettled LIMIT 1").fetchone() is not None
        query = "SELECT hour FROM unsettled WHERE customer = ? AND hour IN (SELECT unnest(?::INTEGER[]))"
        return {hour for (hour,) in cursor.execute(query, [customer, hours]).fetchall()}

    def _let_wait(self, cursor: duckdb.DuckDBPyConnection, customer: int, hours: list[int]) -> None:
        if hours:
            self._any_wait = True
            cursor.execute("INSERT INTO unsettled SELECT ?, unnest(?::INTEGER[]), false", [customer, hours])


def _learn(at: facts.OpenHour, hour: Hour, new: Shown, received_from: set[Logged]) -> None:
    """Let an hour learn what records show that are about to be stored, and turn those that are."""
    hour.learn(new)
    if hour.has_records and (several := hour.several(address for address, _ in new.logged)):
        received_from = received_from.union(facts.read_received(at, several))
    forwarded = hour.forwards(received_from)
    hour.learn(Shown(forwarded=forwarded))
    if hour.has_records:
        _turn(at, hour, new, forwarded)
    hour.has_records = True


def _turn(at: facts.OpenHour, hour: Hour, new: Shown, forwarded: Iterable[Logged]) -> None:
    """Turn the stored records of an hour that do not count any more, by what was new."""
    either = []
    if new.logged:
        logged = facts.listed(at, "logged", {address for address, _ in new.logged})
        either.append(f"direction = 'inbound' AND {facts.FROM_LOGS} AND src_number IN ({logged})")
    if new.own:
        own = facts.listed(at, "own", new.own)
        either.append(f"NOT {facts.FROM_LOGS} AND (src_number IN ({own}) OR dst_number IN ({own}))")
    if new.opened:
        rows = [
            f"({src:d}::UHUGEINT, {dst:d}::UHUGEINT, {protocol:d}, {port:d})" for src, dst, protocol, port in new.opened
        ]
        flows = f"(VALUES {', '.join(rows)})"
        either.append(
            f"NOT {facts.FROM_LOGS} AND direction IS DISTINCT FROM 'outbound' AND ("
            f"(src_number, dst_number, protocol, dst_port) IN {flows} OR "
            f"(direction IS NULL AND (dst_number, src_number, protocol, src_port) IN {flows}))"
        )
    nics = {*new.flow_logs, *(nic for _, nic in forwarded)}
    origins = _origins(at, nics) if nics else []
    superseded = [
        str(number)
        for number, nic, source, flow_log in origins
        if nic in new.flow_logs and (source != "vnet" or flow_log != hour.flow_logs[nic])
    ]
    if superseded:
        either.append(f"{facts.FROM_LOGS} AND origin_id IN ({', '.join(superseded)})")
    for address, forwarder in forwarded:
        numbers = ", ".join(str(number) for number, nic, _, _ in origins if nic == forwarder)
        if numbers:
            either.append(f"direction = 'outbound' AND src_number = {address:d}::UHUGEINT AND origin_id IN ({numbers})")
    if either:
        at.cursor.execute(
            f"UPDATE records SET counted = false, counted_bytes = 0 WHERE counted AND {at.within} AND "  # noqa: S608 - numbers
            f"(({') OR ('.join(either)}))"
        )


def _origins(at: facts.OpenHour, nics: Iterable[str]) -> list[tuple[int, str, str, str]]:
    """Return the numbers of all that NICs' logs repeat, each with the NIC, the kind of log and the flow log."""
    return at.cursor.execute(
        f"""SELECT origin_id, {facts.NIC}, source, coalesce(flow_log_id, '') FROM origins
            WHERE customer = ? AND source <> 'agent' AND {facts.NIC} IN (SELECT unnest(?::VARCHAR[]))""",  # noqa: S608 - ours
        [at.customer, list(nics)],
    ).fetchall()
