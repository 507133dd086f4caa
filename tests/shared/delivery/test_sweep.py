"""The sweep on real storage: nothing that no event told of is skipped."""

from datetime import timedelta

import pytest

from shared.delivery.report import Outcome
from shared.errors import StorageAway, TokenRefused
from shared.flowlog import LogKind, parse_blob_name
from shared.storage.checkpoint import State
from tests.support.gateway import answers
from tests.support.logs import HOUR, log_blob

NSG = LogKind.NSG
H = timedelta(hours=1)
MACS = ("000D3AF87856", "000D3AF87857", "000D3AF87858")


def test_a_log_that_no_event_told_of_is_delivered(world):
    log = world.log()
    log.minute(1)
    assert [report.outcome for report in world.sweep()] == [Outcome.DELIVERED]
    assert world.stored == [1]


def test_what_is_delivered_is_not_even_looked_into(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    assert world.sweep() == []


def test_the_first_run_begins_at_the_hour_of_installation_and_reads_nothing_older(world):
    for hours in range(3):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.sweep()
    assert world.stored == [0]


def test_the_first_run_begins_at_start_from_where_it_is_set(make_world):
    world = make_world(start_from=HOUR - 30 * H)
    for hours in (0, 1, 29, 30, 31):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.sweep()
    assert world.stored == [0, 1, 29, 30]


def test_the_watermark_moves_over_hours_found_complete_two_hours_after_they_ended(world):
    log = world.log()
    log.minute(1)
    world.sweep()
    assert world.watermark == HOUR
    world.clock.move(2.4 * 3600)  # 17:54
    world.sweep()
    assert world.watermark == HOUR
    world.clock.move(600)
    world.sweep()
    assert world.watermark == HOUR + H


def test_a_nic_without_a_log_since_an_hour_that_is_passed_is_told_once(world):
    world.sweep()
    silent, at_work = log_blob(HOUR).name, log_blob(HOUR).name.replace("/NSG/", "/OTHER/")
    for name in (silent, at_work, at_work.replace("h=15", "h=16")):
        world.log(parse_blob_name(NSG.container, name)).minute(1)
    world.clock.move(2.4 * 3600)
    assert {report.outcome for report in world.sweep()} == {Outcome.DELIVERED}
    world.clock.move(600)
    (told,) = world.sweep()
    assert told.outcome is Outcome.NIC_SILENT
    assert f"{log_blob(HOUR).mac} of NSG" in told.message
    assert "OTHER" not in told.message
    world.clock.move(3600)
    (other,) = world.sweep()
    assert "of OTHER" in other.message


def test_a_sweep_that_could_not_list_everything_tells_of_silent_nics_once_it_can(world):
    world.log().minute(1)
    world.sweep()
    world.clock.move(4 * 3600)
    entries = world.logs.entries
    world.logs.entries = lambda *_: raised(StorageAway("It is away."))
    with pytest.raises(StorageAway):
        world.sweep()
    world.logs.entries = entries
    assert [report.outcome for report in world.sweep()][-1] is Outcome.NIC_SILENT


def test_a_sweep_that_dies_before_it_moves_the_watermark_has_told_of_silent_nics_and_the_next_one_tells_again(world):
    world.log().minute(1)
    world.sweep()
    world.clock.move(4 * 3600)
    dying = world.sweeping()
    assert next(report for report in dying if report.outcome is Outcome.NIC_SILENT)
    dying.close()
    assert world.watermark == HOUR
    assert [report.outcome for report in world.sweep()] == [Outcome.NIC_SILENT]


def raised(trouble):
    raise trouble


def test_the_watermark_stays_before_an_hour_that_is_not_delivered(world):
    world.log().minute(1)
    world.gateway.always = answers(TokenRefused("401"))
    for _ in range(6):
        world.sweep()
        world.clock.move(3600)
    assert world.watermark == HOUR
    world.gateway.always = lambda *_: None
    world.sweep()
    assert world.stored == [1]
    assert world.watermark > HOUR


def test_a_commit_after_the_hour_is_found(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    world.clock.move(45 * 60)
    log.minute(2)
    world.sweep()
    assert world.stored == [1, 2]


def test_five_days_of_refused_tokens_then_a_good_one_and_all_arrives(world):
    world.gateway.always = answers(TokenRefused("401"))
    ports = range(5 * 6)
    for port in ports:
        log = world.log(log_blob(world.clock.now().replace(minute=0)))
        log.minute(port)
        world.event(log)
        world.clock.move(4 * 3600)
    world.sweep()
    assert world.stored == []
    world.gateway.always = lambda *_: None
    world.clock.move(600)
    world.sweep(seconds=1e6)
    assert world.stored == list(ports)
    assert set(world.gateway.stored.values()) == {1}


def test_an_hour_whose_last_commit_came_early_is_closed_later(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    assert world.checkpoint(log).state is State.OPEN
    world.clock.move(3600)
    world.sweep()
    assert world.checkpoint(log).state is State.CLOSED
    assert list(world.pointers.before(NSG, world.clock.now())) == []


def test_open_checkpoints_are_listed_up_to_an_hour(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    assert list(world.pointers.before(NSG, HOUR)) == []
    listed = world.pointers.before(NSG, HOUR + timedelta(hours=1))
    assert [pointer.log for pointer in listed] == [log.log]


def test_open_checkpoints_from_before_the_watermark_are_swept_too(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    world.clock.move(5 * 3600)
    world.sweep()
    assert world.watermark > HOUR
    log.minute(2)
    world.gateway.faults = [answers(TokenRefused("401"))]
    world.event(log)
    world.clock.move(600)
    world.sweep()
    assert world.stored == [1, 2]


def test_a_sweep_does_nothing_while_the_gateway_is_given_a_rest(world):
    world.log().minute(1)
    world.gateway.always = answers(TokenRefused("401"))
    world.sweep()
    attempts = len(world.gateway.posts)
    assert world.sweep() == []
    assert len(world.gateway.posts) == attempts


def test_several_cards_and_resources_are_all_found(world):
    for number, mac in enumerate(MACS):
        world.log(log_blob(mac=mac)).minute(number)
    assert len(world.sweep()) == 3
    assert world.stored == [0, 1, 2]


def test_nothing_older_than_thirty_five_days_is_swept_though_the_watermark_is_older(world):
    world.sweep()
    for hours in (0, 23):
        world.log(log_blob(HOUR + hours * H)).minute(hours)
    world.clock.move(timedelta(days=35, hours=20).total_seconds())
    world.sweep()
    assert world.stored == [23]


def test_an_earlier_start_from_is_gone_back_to_once(world):
    world.sweep()
    world.clock.move(5 * 3600)
    world.sweep()
    reached = world.watermark
    world.log(log_blob(HOUR - H)).minute(1)
    world.restart(start_from=HOUR - H)
    assert world.watermark == HOUR - H
    world.sweep()
    assert world.stored == [1]
    world.restart(start_from=HOUR - H)
    assert world.watermark == reached > HOUR


def test_what_a_later_start_from_left_unread_is_read_once_it_is_gone(world):
    begun, never = world.log(), world.log(log_blob(mac=MACS[1]))
    begun.minute(1)
    world.event(begun)
    begun.minute(2)
    never.minute(3)
    world.clock.move(8 * 3600)
    world.restart(start_from=HOUR + 4 * H)
    world.sweep()
    assert world.stored == [1, 2]
    assert world.watermark > HOUR
    world.restart(start_from=None)
    world.sweep()
    assert world.stored == [1, 2, 3]


def test_a_clock_that_was_ahead_for_one_sweep_leaves_nothing_unswept(world):
    world.sweep()
    world.clock.move(3 * 24 * 3600)
    world.sweep()
    ahead = world.watermark
    world.clock.move(-3 * 24 * 3600 + 3600)
    world.log(log_blob(HOUR + H)).minute(1)
    world.sweep()
    assert world.stored == [1]
    assert world.watermark == HOUR < ahead


def test_a_checkpoint_that_was_deleted_is_missed_by_the_sweep_of_a_process_that_remembers_it(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    for entity in list(world.table.list_entities()):
        if entity.get("blob") == log.log.name:
            world.table.delete_entity(entity)
    world.gateway.lose(lambda _lines: True)
    assert world.event(log).outcome is Outcome.NOTHING_NEW
    assert [report.outcome for report in world.sweep()] == [Outcome.DELIVERED]
    assert world.stored == [1]
