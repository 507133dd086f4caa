"""The sweep on real storage: nothing that no event told of is skipped."""

import itertools
from datetime import timedelta

from shared.delivery.report import Outcome
from shared.errors import TokenRefused
from shared.flowlog import LogKind
from shared.storage.checkpoint import State
from tests.support.gateway import answers
from tests.support.logs import HOUR, log_blob, ports_of

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
    port = itertools.count()
    for _ in range(5 * 24):
        log = world.log(log_blob(world.clock.now().replace(minute=0)))
        log.minute(next(port))
        world.event(log)
        world.clock.move(3600)
    world.sweep()
    assert stored(world) == []
    world.gateway.always = lambda *_: None
    world.clock.move(600)
    world.sweep(seconds=1e6)
    assert stored(world) == list(range(5 * 24))
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


def test_an_unsupported_blob_is_reported_and_does_not_hold_the_watermark(world):
    log = world.log()
    log.client.create_append_blob()
    log.client.append_block(b"{}")
    world.horizon.oldest(NSG)
    world.clock.move(5 * 3600)
    assert [report.outcome for report in world.sweep()] == [Outcome.UNSUPPORTED]
    assert watermark(world) > HOUR


def test_an_earlier_start_from_is_gone_back_to(world):
    world.sweep()
    world.clock.move(5 * 3600)
    world.sweep()
    assert watermark(world) > HOUR
    world.log(log_blob(HOUR - H)).minute(1)
    world.horizon._start_from = HOUR - H
    world.horizon._starts.clear()
    world.sweep()
    assert stored(world) == [1]


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
