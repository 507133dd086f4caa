"""The sweep on real storage: nothing that no event told of is skipped."""

from datetime import timedelta

import pytest

from shared.delivery.report import Outcome
from shared.errors import TokenRefused
from shared.flowlog import LogKind, day_prefix
from shared.storage.checkpoint import State
from tests.support.gateway import answers
from tests.support.logs import HEAD, HOUR, log_blob, ports_of, record

NSG = LogKind.NSG
H = timedelta(hours=1)
MACS = ("000D3AF87856", "000D3AF87857", "000D3AF87858")


def stored(world):
    return sorted(ports_of(list(world.gateway.stored.elements())))


def watermark(world):
    return world.horizon.watermark(NSG)[0].hour


def test_a_log_that_no_event_told_of_is_delivered(world):
    log = world.log()
    log.minute(1)
    assert [report.outcome for report in world.sweep()] == [Outcome.DELIVERED]
    assert stored(world) == [1]


def test_what_is_delivered_is_not_even_looked_into(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    assert world.sweep() == []


def test_the_first_run_begins_at_the_hour_of_installation_and_reads_nothing_older(world):
    for hours in range(3):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.sweep()
    assert stored(world) == [0]


def test_the_first_run_begins_at_start_from_where_it_is_set(make_world):
    world = make_world(start_from=HOUR - 30 * H)
    for hours in (0, 1, 29, 30, 31):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.sweep()
    assert stored(world) == [0, 1, 29, 30]


def test_the_watermark_moves_over_hours_found_complete_two_hours_after_they_ended(world):
    log = world.log()
    log.minute(1)
    world.sweep()
    assert watermark(world) == HOUR
    world.clock.move(2.4 * 3600)  # 17:54
    world.sweep()
    assert watermark(world) == HOUR
    world.clock.move(600)
    world.sweep()
    assert watermark(world) == HOUR + H


def test_the_watermark_stays_before_an_hour_that_is_not_delivered(world):
    world.log().minute(1)
    world.gateway.always = answers(TokenRefused("401"))
    for _ in range(6):
        world.sweep()
        world.clock.move(3600)
    assert watermark(world) == HOUR
    world.gateway.always = lambda *_: None
    world.sweep()
    assert stored(world) == [1]
    assert watermark(world) > HOUR


def test_a_commit_after_the_hour_is_found(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    world.clock.move(45 * 60)
    log.minute(2)
    world.sweep()
    assert stored(world) == [1, 2]


def test_five_days_of_refused_tokens_then_a_good_one_and_all_arrives(world):
    world.gateway.always = answers(TokenRefused("401"))
    ports = range(5 * 6)
    for port in ports:
        log = world.log(log_blob(world.clock.now().replace(minute=0)))
        log.minute(port)
        world.event(log)
        world.clock.move(4 * 3600)
    world.sweep()
    assert stored(world) == []
    world.gateway.always = lambda *_: None
    world.clock.move(600)
    world.sweep(seconds=1e6)
    assert stored(world) == list(ports)
    assert set(world.gateway.stored.values()) == {1}


def test_an_hour_whose_last_commit_came_early_is_closed_later(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    assert world.checkpoints.read(log.log).state is State.OPEN
    world.clock.move(3600)
    world.sweep()
    assert world.checkpoints.read(log.log).state is State.CLOSED
    assert list(world.checkpoints.listed_open(NSG, world.clock.now())) == []


def test_open_checkpoints_are_listed_up_to_an_hour(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    assert list(world.checkpoints.listed_open(NSG, HOUR)) == []
    listed = world.checkpoints.listed_open(NSG, HOUR + timedelta(hours=1))
    assert [checkpoint.blob for checkpoint in listed] == [log.log.name]


def test_open_checkpoints_from_before_the_watermark_are_swept_too(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    world.clock.move(5 * 3600)
    world.sweep()
    assert watermark(world) > HOUR
    log.minute(2)
    world.gateway.faults = [answers(TokenRefused("401"))]
    world.event(log)
    world.clock.move(600)
    world.sweep()
    assert stored(world) == [1, 2]


def test_a_sweep_does_nothing_while_the_gateway_is_given_a_rest(world):
    world.log().minute(1)
    world.gateway.always = answers(TokenRefused("401"))
    world.sweep()
    attempts = len(world.gateway.posts)
    assert world.sweep() == []
    assert len(world.gateway.posts) == attempts


def test_a_sweep_that_runs_out_of_time_goes_on_where_it_stopped(make_world):
    world = make_world(start_from=HOUR - 6 * H)
    for hours in range(7):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.gateway.always = lambda *_: world.clock.move(60)
    delivered = []
    for _ in range(4):
        world.sweep(seconds=100)
        delivered.append(len(stored(world)))
    assert delivered[0] < delivered[1] <= delivered[2] <= 7
    world.sweep(seconds=1e6)
    assert stored(world) == list(range(7))


def test_several_cards_and_resources_are_all_found(world):
    for number, mac in enumerate(MACS):
        world.log(log_blob(mac=mac)).minute(number)
    assert len(world.sweep()) == 3
    assert stored(world) == [0, 1, 2]


def test_an_unsupported_blob_that_was_never_begun_holds_the_watermark_until_its_hour_is_too_old(world):
    world.sweep()
    log = world.log()
    log.client.create_append_blob()
    log.client.append_block(b"{}")
    for _ in range(2):
        world.clock.move(5 * 3600)
        assert [report.outcome for report in world.sweep()] == [Outcome.UNSUPPORTED]
    assert watermark(world) == HOUR
    world.clock.move(timedelta(days=35).total_seconds())
    assert world.sweep() == []
    assert watermark(world) > HOUR


def test_an_unsupported_blob_that_was_begun_is_kept_in_sight_by_its_checkpoint(world):
    log = world.log()
    log.put(HEAD + record(1) + b',{"time"')
    world.event(log)
    for _ in range(2):
        world.clock.move(5 * 3600)
        assert [report.outcome for report in world.sweep()] == [Outcome.UNSUPPORTED]
        assert watermark(world) > HOUR


def test_nothing_older_than_thirty_five_days_is_swept_though_the_watermark_is_older(world):
    world.sweep()
    for hours in (0, 23):
        world.log(log_blob(HOUR + hours * H)).minute(hours)
    world.clock.move(timedelta(days=35, hours=20).total_seconds())
    world.sweep()
    assert stored(world) == [23]


def test_an_earlier_start_from_is_gone_back_to_once(world):
    world.sweep()
    world.clock.move(5 * 3600)
    world.sweep()
    reached = watermark(world)
    world.log(log_blob(HOUR - H)).minute(1)
    world.restart(start_from=HOUR - H)
    assert watermark(world) == HOUR - H
    world.sweep()
    assert stored(world) == [1]
    world.restart(start_from=HOUR - H)
    assert watermark(world) == reached > HOUR


def test_what_a_later_start_from_left_unread_is_read_once_it_is_gone(world):
    begun, never = world.log(), world.log(log_blob(mac=MACS[1]))
    begun.minute(1)
    world.event(begun)
    begun.minute(2)
    never.minute(3)
    world.clock.move(8 * 3600)
    world.restart(start_from=HOUR + 4 * H)
    world.sweep()
    assert stored(world) == [1, 2]
    assert watermark(world) > HOUR
    world.restart(start_from=None)
    world.sweep()
    assert stored(world) == [1, 2, 3]


def test_a_bug_at_one_blob_is_raised_after_the_others_had_their_turn_and_keeps_its_hour(world):
    for hours in range(3):
        world.log(log_blob(HOUR + hours * H)).minute(hours)
    world.horizon.oldest(NSG)
    world.clock.move(8 * 3600)
    broken = _Broken(world.worker, log_blob(HOUR + H))
    with pytest.raises(ZeroDivisionError) as raised:
        world.sweep(broken)
    assert log_blob(HOUR + H).name in raised.value.__notes__[0]
    assert stored(world) == [0, 2]
    assert watermark(world) == HOUR + H
    world.sweep()
    assert stored(world) == [0, 1, 2]


def test_a_bug_at_an_older_blob_that_was_begun_does_not_end_the_sweep(world):
    older = world.log()
    older.put(HEAD + record(1) + b',{"time"')
    world.event(older)
    world.clock.move(5 * 3600)
    world.sweep()
    world.log(log_blob(HOUR + 5 * H)).minute(2)
    with pytest.raises(ZeroDivisionError):
        world.sweep(_Broken(world.worker, older.log))
    assert stored(world) == [1, 2]


def test_a_clock_that_was_ahead_for_one_sweep_leaves_nothing_unswept(world):
    world.sweep()
    world.clock.move(3 * 24 * 3600)
    world.sweep()
    ahead = watermark(world)
    world.clock.move(-3 * 24 * 3600 + 3600)
    world.log(log_blob(HOUR + H)).minute(1)
    world.sweep()
    assert stored(world) == [1]
    assert watermark(world) == HOUR < ahead


def test_checkpoints_go_when_they_are_old_or_their_log_is_gone(world):
    kept, gone = world.log(), world.log(log_blob(mac=MACS[1]))
    for log in (kept, gone):
        log.minute(1)
        world.event(log)
    gone.client.delete_blob()
    for _ in range(2):
        world.clock.move(26 * 3600)
        world.sweep()
    assert world.checkpoints.read(kept.log) is not None
    assert world.checkpoints.read(gone.log) is None
    world.clock.move(timedelta(days=35).total_seconds())
    world.sweep()
    assert world.checkpoints.read(kept.log) is None
    assert world.sweep() == []
    assert stored(world) == [1, 1]


def test_tidying_stops_at_the_deadline_and_goes_on_at_the_next_sweep(world):
    logs = [world.log(log_blob(HOUR + days * 24 * H)) for days in range(3)]
    for log in logs:
        log.minute(1)
        world.event(log)
        world.clock.move(24 * 3600)
    world.log(log_blob(mac=MACS[1])).minute(2)
    world.sweep()
    for log in logs:
        log.client.delete_blob()
    world.clock.move(24 * 3600)
    listed = _slow_listings(world)
    world.sweep(seconds=100)
    first = [world.checkpoints.read(log.log) is None for log in logs]
    assert first == [True, True, False]
    listed.clear()
    world.sweep(seconds=100)
    assert [world.checkpoints.read(log.log) for log in logs] == [None, None, None]
    assert day_prefix(logs[0].log.resource, logs[0].log.hour.date()) not in listed
    assert world.clock.now() - world.horizon.watermark(NSG)[0].tidied < H


class _Broken:
    """A worker that has a bug at one log blob."""

    def __init__(self, worker, log) -> None:
        self._worker = worker
        self._log = log
        self.breaker = worker.breaker

    def deliver(self, log, deadline, *, listed):
        if log == self._log:
            raise ZeroDivisionError
        return self._worker.deliver(log, deadline, listed=listed)


def _slow_listings(world):
    """Let each listing of a whole day of log blobs take a minute; return the prefixes as they are listed."""
    listed, listing = [], world.logs.listed

    def slowly(kind, prefix):
        if "/h=" not in prefix:
            listed.append(prefix)
            world.clock.move(60)
        return listing(kind, prefix)

    world.logs.listed = slowly
    return listed
