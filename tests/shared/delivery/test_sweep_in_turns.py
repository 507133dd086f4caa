"""A sweep that has not the time for all: the next one goes on, and nothing starves."""

import threading
from datetime import timedelta

from shared.delivery.report import Outcome, Report, Tally
from tests.support.logs import HOUR, log_blob

H = timedelta(hours=1)


def test_a_sweep_that_runs_out_of_time_continues_where_it_stopped(make_world):
    world = make_world(start_from=HOUR - 6 * H)
    for hours in range(7):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.gateway.always = lambda *_: world.clock.move(60)
    delivered = []
    for _ in range(4):
        world.sweep(seconds=100)
        delivered.append(len(world.stored))
    assert delivered[0] < delivered[1] <= delivered[2] <= 7
    world.sweep(seconds=1e6)
    assert world.stored == list(range(7))


def test_logs_that_take_all_the_time_starve_nobody(make_world):
    world = make_world(start_from=HOUR - 4 * H)
    for number in range(20):
        world.log(log_blob(HOUR - 4 * H, f"{number:012X}")).minute(100 + number)
    world.log().minute(1)
    world.worker = _Slow(world, fails=log_blob().hour - 4 * H)
    sweeps = 0
    while world.stored != [1]:
        world.sweep(seconds=100)
        sweeps += 1
        assert sweeps < 6
    assert world.watermark == HOUR - 4 * H


def test_within_an_hour_each_sweep_continues_behind_what_the_last_one_tried(make_world):
    world = make_world(start_from=HOUR - 4 * H)
    names = []
    for number in range(20):
        log = world.log(log_blob(HOUR - 4 * H, f"{number:012X}"))
        log.minute(1)
        names.append(log.log.name)
    world.worker = _Slow(world, fails=HOUR - 4 * H)
    for _ in range(3):
        world.sweep(seconds=100)
    tried = [log.name for log in world.worker.tried]
    assert len(tried) > 30
    assert sorted(tried[:20]) == names
    assert sorted(tried[20:32]) == names[:12]


def test_folders_that_begin_with_no_key_cost_no_sweep_its_time(world):
    log = world.log()
    log.minute(1)
    container = world.container(log)
    for number in range(30):
        container.upload_blob(f"copies/{number}/PT1H.json", b"{}")
    world.sweep()
    walked = []
    walk = world.logs._walk

    def noted(kind, prefix):
        walked.append(prefix)
        return walk(kind, prefix)

    world.logs._walk = noted
    log.minute(2)
    world.sweep()
    assert world.stored == [1, 2]
    assert not [prefix for prefix in walked if prefix.startswith("copies")]


class _Slow:
    """A worker that takes ten seconds a log, and fails at those of one hour."""

    def __init__(self, world, fails) -> None:
        self._world = world
        self._worker = world.worker
        self._fails = fails
        self._lock = threading.Lock()
        self.tried = []
        self.breaker = world.worker.breaker

    def deliver(self, log, deadline, pointer=None):
        with self._lock:
            self.tried.append(log)
            self._world.clock.move(10)
        if log.hour == self._fails:
            return Report(log.name, Outcome.RETRY_LATER, Tally(), 0)
        return self._worker.deliver(log, deadline, pointer)
