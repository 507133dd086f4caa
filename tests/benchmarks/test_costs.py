import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import costs
from benchmarks.costs import SIZES, Design, Operations, Sweep, instances, month
from benchmarks.sizes import ARENAS

_REGION = Path(__file__).resolve().parents[2] / "terraform" / "modules" / "sluice" / "modules" / "region" / "main.tf"
_SMALL, _LARGE = SIZES[0], SIZES[1]
_SWEEP = Sweep(Operations(lists=10, table=5), cpu_seconds=0.1)
_DESIGN = Design(
    update=Operations(reads=2, table=2),
    hourly=Operations(),
    cpu_seconds=0.005,
    line_bytes=220,
    lines_an_update=0,
    sweep=dict.fromkeys((1, 100, 1_000, 100_000), _SWEEP),
)


def test_requests_are_billed_by_what_they_do():
    kinds = {
        "block list: logs": 1,
        "read: logs": 2,
        "head: logs": 1,
        "lease: acquire (refused)": 1,
        "write: quarantine": 3,
        "list: logs": 4,
        "find by tag": 1,
        "read entity: checkpoints (refused)": 1,
        "replace entity: pointers": 1,
        "query: checkpoints": 1,
    }
    assert Operations.of(kinds) == Operations(reads=5, writes=3, lists=5, table=3)


def test_a_term_is_its_count_times_its_price():
    terms = month(_DESIGN, 100, _SMALL).terms
    updates = 100 * 60 * 730
    assert terms["blob reads"] == pytest.approx(updates * 2 * 0.004 / 10_000)
    assert terms["table"] == pytest.approx(updates * 2 * 0.00036 / 10_000)
    assert terms["Event Grid"] == pytest.approx(updates * 3 * 0.60 / 1_000_000)
    assert terms["sweeps: listings"] == pytest.approx(6 * 730 * 10 * 0.05 / 10_000)


def test_the_hosts_queue_is_not_in_the_total():
    found = month(_DESIGN, 100, _SMALL)
    assert found.total == pytest.approx(sum(found.terms.values()))
    assert found.host_queue == pytest.approx(100 * 60 * 730 * 3 * 0.004 / 10_000)


def test_what_is_done_once_an_hour_counts_once_an_hour_and_nic():
    more = month(replace(_DESIGN, hourly=Operations(writes=1)), 100, _SMALL)
    assert more.terms["blob writes"] == pytest.approx(100 * 730 * 0.05 / 10_000)


def test_a_rare_update_is_billed_for_a_whole_second():
    assert instances(1, 0.005, _SMALL).active == pytest.approx(1 / 61)


def test_no_instance_is_billed_for_more_than_all_of_the_time_or_less_than_it_works():
    for nics in (1, 10, 100, 1_000, 10_000, 100_000):
        found = instances(nics, 0.005, _SMALL)
        work = nics / 60 * 0.005 / (1 - costs.HOST_SHARE) / _SMALL.cores
        assert work <= found.count * found.active <= found.count


def test_another_instance_comes_when_one_is_as_busy_as_it_may_be():
    most = int(costs.nics_a_core(0.005) * _SMALL.cores)
    assert [instances(nics, 0.005, _SMALL).count for nics in (most, most + 1)] == [1, 2]


def test_a_larger_instance_that_waits_as_long_costs_more_by_its_memory():
    small, large = (month(_DESIGN, 100, size).terms["instances for events"] for size in (_SMALL, _LARGE))
    assert large == pytest.approx(small * 4)


def test_summaries_are_logged_by_instance_and_other_lines_by_update():
    by_minute = month(_DESIGN, 100, _SMALL).terms["log bytes handed to the host"]
    by_update = month(replace(_DESIGN, lines_an_update=3), 100, _SMALL).terms["log bytes handed to the host"]
    of_sweeps = 6 * 730 * 2 * 330 * 2.30 / 1e9
    assert by_minute == pytest.approx(60 * 730 * 220 * 2.30 / 1e9 + of_sweeps)
    assert by_update == pytest.approx(100 * 60 * 730 * 3 * 220 * 2.30 / 1e9 + of_sweeps)


def test_sizes_are_measured_with_the_allocator_set_as_terraform_sets_it():
    assert dict(re.findall(r'(MALLOC_\w+) += "(\d+)"', _REGION.read_text())) == ARENAS
