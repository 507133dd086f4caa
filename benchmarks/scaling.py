"""What a NIC's month costs, by the model in `costs`, from what is measured here and in the tree before."""

from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Any, Final

from benchmarks import costs, prices, report
from benchmarks.against import ROOT, checked_out, results
from benchmarks.costs import Design, Month, Operations, Size, Sweep
from benchmarks.sweeping import NICS_A_FLOW_LOG, OPEN_HOURS, Sweeps, swept

_ROUNDS: Final = 5
_NICS: Final = (10, 100, 1_000, 10_000)
_SWEPT: Final = _NICS[:-1]
"""What is measured; ten times the last stands for the largest, whose sweeps `sweeping` shows to be no dearer."""
_OLD: Final = "91682c0"
"""The last commit in which checkpoints were blobs, with a lease each."""
_LOGGING_NICS: Final = 100
"""Those that `update` makes summaries of: one a minute."""
_BLOBS_A_PAGE: Final = 5_000
_MOST: Final = {100: 0.45, 1_000: 0.15, 10_000: 0.14}
_MOST_QUEUE: Final = 0.06
_OLD_SIZE, _NEW_SIZE = costs.SIZES[1], costs.SIZES[0]
_CLAIM: Final = (
    f"A NIC's month in USD, 43,800 updates, by list prices of {prices.REGION}, {prices.DATE}; old is commit {_OLD} on "
    f"instances of {_OLD_SIZE.megabytes:,} MB, new is this tree on {_NEW_SIZE.megabytes:,} MB. Operations, CPU and log "
    "bytes are those of the benchmarks operations, update (medians of rounds in turn) and sweeping. Assumed: "
    f"{costs.HOST_SHARE:.0%} of an instance's CPU for the Functions host; another instance at {costs.UTILISATION:.0%}; "
    f"{costs.HOST_ADDS} bytes that the host adds to a log line; {NICS_A_FLOW_LOG} NICs in a flow log; sweeps over "
    f"{OPEN_HOURS} hours. Free grants and traffic to the gateway are not in it."
)


def measure() -> report.Result:
    """Measure both designs, and work out their months."""
    found = {nics: swept(nics, OPEN_HOURS) for nics in _SWEPT}
    with checked_out(_OLD) as tree:
        operations = [results(each, "operations")["operations"] for each in (tree, ROOT)]
        updates = [[_figures(results(each, "update")["update"]) for each in (tree, ROOT)] for _ in range(_ROUNDS)]
    old_figures, new_figures = (
        {name: median(one[name] for one in side) for name in side[0]} for side in zip(*updates, strict=True)
    )
    new = _new(operations[1], new_figures, found)
    old = _old(operations[0], old_figures, new)
    before = {nics: costs.month(old, nics, _OLD_SIZE) for nics in _NICS}
    after = {nics: costs.month(new, nics, _NEW_SIZE) for nics in _NICS}
    figures = [
        report.Figure(f"a NIC's month, {nics:,} NICs", after[nics].total / nics, "$", at_most=most)
        for nics, most in _MOST.items()
    ]
    more = max(month.host_queue / nics for nics, month in after.items())
    figures += [
        report.Figure("the same more with the host's queue", more, "$", at_most=_MOST_QUEUE),
        report.Figure("CPU an update, new against old", new.cpu_seconds / old.cpu_seconds, "x", at_most=0.45),
        report.Figure("NICs a core", costs.nics_a_core(new.cpu_seconds)),
    ]
    return report.Result(
        _CLAIM,
        tuple(figures),
        (_terms(before, after), _sizes(new), _months(before, after), _measured(old, new), _prices()),
    )


def _new(operations: Mapping[str, Any], figures: Mapping[str, float], found: Mapping[int, Sweeps]) -> Design:
    update, first = _column(operations, "update"), _column(operations, "first")
    sweeps = {nics: _sweep(sweep) for nics, sweep in found.items()}
    tenth = sweeps[_SWEPT[-1]]
    sweeps[_NICS[-1]] = Sweep(tenth.operations.times(10), tenth.cpu_seconds * 10, tenth.tidying.times(10))
    return Design(
        Operations.of(update),
        Operations.of(first) + Operations.of(update).times(-1) + Operations.of(costs.CLOSING),
        figures["CPU"] / 1000,
        figures["log bytes, summaries"] * _LOGGING_NICS,
        0.0,
        sweeps,
    )


def _old(operations: Mapping[str, Any], figures: Mapping[str, float], new: Design) -> Design:
    update, first = _column(operations, "update"), _column(operations, "first")
    own = _column(operations, "100 blobs", table=1)
    others = Operations.of({kind: count for kind, count in own.items() if not kind.startswith("list:")})
    # It listed the logs as the new one does, and its checkpoints hour by hour, so many on a page.
    sweeps = {
        nics: Sweep(
            others + Operations(lists=sweep.operations.lists + OPEN_HOURS * -(-nics // _BLOBS_A_PAGE)),
            sweep.cpu_seconds,
            Operations(lists=sweep.tidying.lists),
        )
        for nics, sweep in new.sweep.items()
    }
    return Design(
        Operations.of(update),
        Operations.of(first) + Operations.of(update).times(-1) + Operations.of(costs.OLD_CLOSING),
        figures["CPU"] / 1000,
        figures["log bytes, a line each"],
        costs.OLD_LINES,
        sweeps,
    )


def _sweep(found: Sweeps) -> Sweep:
    tidying = Counter(found.tidying.requests)
    tidying.subtract(found.usual.requests)
    return Sweep(Operations.of(found.usual.requests), found.usual.cpu, Operations.of(tidying))


def _column(document: Mapping[str, Any], name: str, table: int = 0) -> dict[str, float]:
    found = document["tables"][table]
    number = found["columns"].index(name)
    return {row[0]: row[number] for row in found["rows"] if row[0] != "all"}


def _figures(document: Mapping[str, Any]) -> dict[str, float]:
    return {figure["name"]: figure["value"] for figure in document["figures"]}


def _terms(before: Mapping[int, Month], after: Mapping[int, Month]) -> report.Table:
    names = [(f"{nics:,} {age}", nics, months) for nics in _NICS for age, months in (("old", before), ("new", after))]
    rows: list[tuple[report.Cell, ...]] = [
        (term, *(_cents(months[nics].terms[term] / nics) for _, nics, months in names))
        for term in after[_NICS[0]].terms
    ]
    rows.append(("together", *(_cents(months[nics].total / nics) for _, nics, months in names)))
    rows.append(("as counted before", *(_cents(_as_before(months[nics]) / nics) for _, nics, months in names)))
    rows.append(("the host's queue", *(_cents(months[nics].host_queue / nics) for _, nics, months in names)))
    return report.Table(("$ a NIC and month", *(name for name, _, _ in names)), tuple(rows))


def _as_before(month: Month) -> float:
    # docs/install.md once took an event for one operation of Event Grid, and left the host's own reads out.
    more = month.terms["Event Grid"] * (1 - 1 / prices.EVENT_GRID_OPERATIONS)
    return month.total - more - month.terms["the host's reads of the blob"]


def _sizes(new: Design) -> report.Table:
    rows: list[tuple[report.Cell, ...]] = []
    for size in costs.SIZES:
        for nics in _NICS:
            month = costs.month(new, nics, size)
            rows.append((_named(size), nics, month.instances.count, month.instances.active, _cents(month.total / nics)))
    return report.Table(("new, on instances of", "NICs", "instances", "of the time", "$ a NIC"), tuple(rows))


def _months(before: Mapping[int, Month], after: Mapping[int, Month]) -> report.Table:
    rows = [(nics, f"{before[nics].total:,.0f}", f"{after[nics].total:,.0f}") for nics in _NICS]
    return report.Table(("NICs", "old, $ a month", "new, $ a month"), tuple(rows))


def _measured(old: Design, new: Design) -> report.Table:
    rows: tuple[tuple[report.Cell, ...], ...] = (
        ("blob reads an update", old.update.reads, new.update.reads),
        ("blob writes an update", old.update.writes, new.update.writes),
        ("table operations an update", old.update.table, new.update.table),
        ("blob reads more, once an hour", old.hourly.reads, new.hourly.reads),
        ("blob writes more, once an hour", old.hourly.writes, new.hourly.writes),
        ("table operations more, once an hour", old.hourly.table, new.hourly.table),
        ("CPU an update (ms)", old.cpu_seconds * 1000, new.cpu_seconds * 1000),
        ("bytes of a log line", old.line_bytes, new.line_bytes),
        *(
            (f"listings a sweep, {nics:,} NICs", old.sweep[nics].operations.lists, new.sweep[nics].operations.lists)
            for nics in _NICS
        ),
    )
    return report.Table(("what was measured", "old", "new"), rows)


def _prices() -> report.Table:
    rows = [(f"{price.unit}", f"${price.usd:g} for {price.amount:,.0f}", price.source) for price in prices.ALL]
    return report.Table(("price of", f"{prices.REGION}, {prices.DATE}", "source"), tuple(rows))


def _named(size: Size) -> str:
    return f"{size.megabytes:,} MB, {size.cores:g} cores"


def _cents(dollars: float) -> str:
    return f"{dollars:.3f}"


if __name__ == "__main__":
    report.main("scaling", measure)
