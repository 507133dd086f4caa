"""A sweep while storage, or something in it, fails: nothing but what failed waits."""

from datetime import timedelta

import pytest

from shared.delivery.report import Outcome
from shared.errors import StorageAway, Vanished
from shared.flowlog import LogKind, parse_blob_name
from tests.support.logs import HEAD, HOUR, log_blob, record

NSG = LogKind.NSG
H = timedelta(hours=1)


@pytest.mark.parametrize("broken", ["AAA", "MMM", "ZZZ"])
def test_a_listing_that_fails_hides_nothing_but_its_own(world, broken):
    for port, resource in enumerate(("AAA", "MMM", "ZZZ")):
        world.log(_of_resource(resource)).minute(port)
    entries = world.logs.entries

    def failing(kind, prefix):
        if f"/{broken}/" in prefix:
            raise StorageAway("It is away.")
        return entries(kind, prefix)

    world.logs.entries = failing
    with pytest.raises(StorageAway):
        world.sweep()
    others = [port for port, resource in enumerate(("AAA", "MMM", "ZZZ")) if resource != broken]
    assert world.stored == others
    world.clock.move(5 * 3600)
    world.sweep_calmly()
    assert world.watermark == HOUR
    world.logs.entries = entries
    world.sweep()
    assert world.stored == [0, 1, 2]


@pytest.mark.parametrize("fails", ["pointers", "checkpoints"])
def test_checkpoints_that_can_not_be_listed_end_no_sweep(world, monkeypatch, fails):
    older = world.log()
    older.put(HEAD + record(1) + b',{"time"')
    world.event(older)
    world.clock.move(5 * 3600)
    world.sweep()
    world.log(log_blob(HOUR + 5 * H)).minute(2)

    def away(*_):
        raise StorageAway("It is away.")

    monkeypatch.setattr(*((world.pointers, "before") if fails == "pointers" else (world.checkpoints, "listed")), away)
    world.sweep_calmly()
    assert world.stored == ([1, 2] if fails == "pointers" else [1])
    monkeypatch.undo()
    world.sweep()
    assert world.stored == [1, 2]


def test_what_a_sweep_has_shown_is_not_gone_before_a_later_one_finds_it_so(world, monkeypatch):
    log = world.log()
    log.minute(1)
    world.sweep()
    log.minute(2)
    world.clock.move(5 * 3600)
    with monkeypatch.context() as lies:
        lies.setattr(world.logs, "snapshot", _gone)
        lies.setattr(world.logs, "is_listed", lambda _log: False)
        assert [report.outcome for report in world.sweep()] == [Outcome.VANISHED]
    assert world.watermark == HOUR
    world.sweep()
    assert world.stored == [1, 2]


def test_a_container_that_never_was_is_not_a_fault_and_its_watermark_goes_with_the_clock(make_world):
    world = make_world(start_from=HOUR - 30 * H)
    assert world.sweep() == []
    assert world.watermark == HOUR - 2 * H
    world.clock.move(5 * 3600)
    assert world.sweep() == []
    assert world.watermark == HOUR + 3 * H


def test_a_container_that_comes_later_is_looked_through_from_the_start(make_world):
    world = make_world(start_from=HOUR - 30 * H)
    world.sweep()
    for hours in (0, 29, 31):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.sweep()
    assert world.stored == [0, 29]


def test_a_container_that_was_there_holds_the_watermark_while_it_is_not(world):
    log = world.log()
    log.minute(1)
    world.sweep()
    container = world.container(log)
    container.delete_container()
    world.clock.move(5 * 3600)
    with pytest.raises(StorageAway, match="It used to have one"):
        world.sweep()
    assert world.watermark == HOUR
    log.rewrite()
    container.create_container()
    log.minute(2)
    world.sweep()
    assert world.stored == [1, 2]
    assert world.watermark > HOUR


@pytest.mark.parametrize("times", [1, 2])
def test_storage_s_word_that_a_log_is_gone_is_not_believed_against_its_listing(world, times, monkeypatch):
    log = world.log()
    world.sweep()
    log.minute(1)
    if times == 2:
        world.event(log)
        log.minute(2)
    world.clock.move(5 * 3600)
    monkeypatch.setattr(world.logs, "snapshot", _gone)
    (report,) = world.sweep()
    assert report.outcome is Outcome.RETRY_LATER
    assert "though its listing shows it" in report.message
    assert world.watermark == HOUR
    monkeypatch.undo()
    world.sweep()
    assert world.stored == list(range(1, times + 1))


def test_a_bug_at_one_blob_is_raised_after_the_others_had_their_turn_and_keeps_its_hour(world):
    for hours in range(3):
        world.log(log_blob(HOUR + hours * H)).minute(hours)
    world.horizon.oldest(NSG)
    world.clock.move(8 * 3600)
    broken = _Broken(world.worker, log_blob(HOUR + H))
    with pytest.raises(ZeroDivisionError) as raised:
        world.sweep(broken)
    assert log_blob(HOUR + H).name in raised.value.__notes__[0]
    assert world.stored == [0, 2]
    assert world.watermark == HOUR + H
    world.sweep()
    assert world.stored == [0, 1, 2]


def test_a_bug_at_an_older_blob_that_was_begun_does_not_end_the_sweep(world):
    older = world.log()
    older.put(HEAD + record(1) + b',{"time"')
    world.event(older)
    world.clock.move(5 * 3600)
    world.sweep()
    world.log(log_blob(HOUR + 5 * H)).minute(2)
    with pytest.raises(ZeroDivisionError):
        world.sweep(_Broken(world.worker, older.log))
    assert world.stored == [1, 2]


def _gone(log):
    raise Vanished(f"{log.name} is gone.")


def _of_resource(name):
    return parse_blob_name(NSG.container, log_blob().name.replace("/NSG/", f"/{name}/"))


class _Broken:
    """A worker that has a bug at one log blob."""

    def __init__(self, worker, log) -> None:
        self._worker = worker
        self._log = log
        self.breaker = worker.breaker

    def deliver(self, log, deadline, pointer=None):
        if log == self._log:
            raise ZeroDivisionError
        return self._worker.deliver(log, deadline, pointer)
