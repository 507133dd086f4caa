"""Records that the end of a committed block cuts in two, in real storage."""

import json
import threading
from datetime import timedelta

import pytest

from shared.delivery.breaker import Refusals
from shared.delivery.collaborators import Collaborators
from shared.delivery.replay import Replay
from shared.delivery.report import Outcome
from shared.delivery.resubmit import Resubmission
from shared.errors import TokenRefused, TooLarge
from shared.storage.checkpoint import CutRule, State
from tests.support.gateway import answers, fine, takes_at_most
from tests.support.logs import CLOSER, HOUR, log_blob, ports_of, record

WHOLE, CUT, NEXT = record(1), b"," + record(*range(10, 16)), b"," + record(20)
FIRST, SECOND = CUT[:200], CUT[200:]
ALL = [1, *range(10, 16), 20]


def replay(world):
    """Replay everything; return the reports."""
    collaborators = Collaborators(world.gateway, world.quarantine, Refusals(), world.clock, 2)
    replay = Replay(world.logs, world.checkpoints, world.claims(), collaborators, 100)
    plan = replay.plan(HOUR, HOUR + timedelta(hours=1))
    return [report for _, report in replay.run(plan, threading.Event(), lambda _: None)]


def assert_replayed_without_a_change(world):
    before, quarantined = world.stored, world.quarantined()
    (report,) = replay(world)
    assert report.tally.posts == report.tally.duplicates
    assert (world.stored, world.quarantined()) == (before, quarantined)


def test_a_record_cut_by_two_blocks_of_one_commit_is_delivered_once(world):
    log = world.log()
    log.commit(WHOLE + FIRST, SECOND + NEXT)
    assert world.event(log).outcome is Outcome.DELIVERED
    assert (world.stored, world.quarantined()) == (ALL, [])
    assert world.event(log).outcome is Outcome.NOTHING_NEW
    assert_replayed_without_a_change(world)


def test_a_record_cut_by_two_commits_waits_for_its_second_half_and_nothing_else_does(world):
    log = world.log()
    log.commit(WHOLE + FIRST)
    first = world.event(log)
    assert (first.outcome, world.stored, world.quarantined()) == (Outcome.INCOMPLETE, [1], [])
    assert world.event(log).outcome is Outcome.INCOMPLETE
    log.commit(SECOND + NEXT)
    assert world.event(log, world.process()).outcome is Outcome.DELIVERED
    assert (world.stored, world.quarantined()) == (ALL, [])
    assert world.event(log).outcome is Outcome.NOTHING_NEW
    assert_replayed_without_a_change(world)


@pytest.mark.parametrize("in_one_commit", [True, False])
def test_a_record_cut_anywhere_is_delivered_once(world, in_one_commit):
    places = [1, 2, 3, 7, 9, len(CUT) - 1, *range(20, len(CUT), 61)]
    for number, place in enumerate(places):
        log = world.log(log_blob(mac=f"000D3AF8{number:04X}"))
        if in_one_commit:
            log.commit(WHOLE + CUT[:place], CUT[place:] + NEXT)
        else:
            log.commit(WHOLE + CUT[:place])
            world.event(log)
            log.commit(CUT[place:] + NEXT)
        assert world.event(log).outcome is Outcome.DELIVERED
    assert world.stored == sorted(ALL * len(places))
    assert world.quarantined() == []


def test_a_record_cut_over_many_commits_is_delivered_once(world):
    log = world.log()
    log.commit(WHOLE)
    for place in range(0, len(CUT), 90):
        log.commit(CUT[place : place + 90])
        world.event(log, world.process())
    log.commit(NEXT)
    world.event(log)
    assert (world.stored, world.quarantined()) == (ALL, [])
    assert_replayed_without_a_change(world)


def test_whenever_a_worker_dies_a_cut_record_is_delivered_once(world):
    for posts in range(9):
        log = world.log(log_blob(mac=f"000D3AF8{posts:04X}"))
        log.commit(WHOLE + FIRST)
        world.event(log)
        log.commit(SECOND + NEXT)
        world.gateway.faults = [fine] * posts + [answers(ZeroDivisionError())]
        for _ in range(2):
            try:
                world.event(log, world.process(batch=2))
            except ZeroDivisionError:
                continue
        world.gateway.faults = []
        world.event(log, world.process(batch=2))
    assert world.stored == sorted(ALL * 9)
    assert world.quarantined() == []


def test_a_cut_record_is_halved_and_the_halves_survive_a_restart(world):
    log = world.log()
    log.commit(WHOLE + FIRST)
    world.event(log)
    log.commit(SECOND + NEXT)

    def too_large_then_refused(lines, _key):
        if len(lines) == 6:
            raise TooLarge("413")
        if ports_of(lines) == [13, 14, 15]:
            raise TokenRefused("401")

    world.gateway.always = too_large_then_refused
    assert world.event(log).outcome is Outcome.TOKEN_REFUSED
    assert world.checkpoint(log).batch == (0, 1)
    assert [port for port in world.stored if port != 20] == [1, 10, 11, 12]
    world.gateway.always = fine
    log.commit(b"," + record(30))
    report = world.event(log, world.process())
    assert (report.outcome, report.tally.rewritten) == (Outcome.DELIVERED, 0)
    assert (world.stored, world.quarantined()) == ([*ALL, 30], [])
    world.gateway.always = takes_at_most(3)
    assert_replayed_without_a_change(world)


def test_a_cut_record_behind_a_harmed_one_is_delivered(world):
    log = world.log()
    for harmed in (b"," + record(99)[:-1], b"," + record(99).replace(b'"time"', b'"time'), b"," + record(99)[:-90]):
        log.rewrite()
        log.commit(WHOLE + harmed + FIRST, SECOND + NEXT)
        world.event(log)
    assert world.stored == sorted(ALL * 3)
    assert len(world.quarantined()) == 3


def test_a_record_that_never_gets_its_end_is_quarantined_in_one_piece_some_minutes_after_the_hour(world):
    log = world.log()
    log.commit(WHOLE + FIRST)
    world.horizon.oldest(log.log.kind)
    world.event(log)
    world.clock.move(timedelta(minutes=30).total_seconds())
    assert world.event(log).outcome is Outcome.INCOMPLETE
    world.clock.move(timedelta(minutes=15).total_seconds())
    assert world.event(log).outcome is Outcome.DELIVERED
    (line,) = world.quarantined()
    assert json.loads(line)["raw"] == FIRST[1:].decode()
    assert world.stored == [1]
    assert world.checkpoint(log).state is State.CLOSED
    assert world.event(log).outcome is Outcome.NOTHING_NEW
    assert_replayed_without_a_change(world)


def test_the_sweep_finds_a_record_that_never_gets_its_end(world):
    log = world.log()
    log.commit(WHOLE + FIRST)
    world.horizon.oldest(log.log.kind)
    world.event(log)
    world.clock.move(timedelta(hours=4).total_seconds())
    world.sweep()
    assert len(world.quarantined()) == 1
    assert world.checkpoint(log).state is State.CLOSED


def test_a_second_half_that_comes_after_all_that_doubles_nothing(world):
    log = world.log()
    log.commit(WHOLE + FIRST)
    world.horizon.oldest(log.log.kind)
    world.clock.move(timedelta(hours=1).total_seconds())
    world.event(log)
    log.commit(SECOND + NEXT)
    world.event(log)
    assert world.stored == [1, 20]
    assert len(world.quarantined()) == 2
    replay(world)
    assert world.stored == ALL


def test_a_cut_record_in_a_block_that_the_next_commit_replaces_is_delivered_once(world):
    log = world.log()
    log.commit(WHOLE)
    world.event(log)
    first = list(log._ids)
    log.commit(b"," + record(2) + FIRST + CLOSER, closer=b"")
    assert world.event(log).outcome is Outcome.INCOMPLETE
    assert (world.stored, world.quarantined()) == ([1, 2], [])
    log._ids = first
    log.commit(b"," + record(2) + CUT + NEXT + CLOSER, closer=b"")
    assert world.event(log).tally.rewritten == 0
    assert (world.stored, world.quarantined()) == (sorted([*ALL, 2]), [])


def test_a_cut_record_of_unknown_version_is_one_piece_that_a_newer_sluice_can_send(world, monkeypatch):
    unknown = CUT.replace(b'"Version":2', b'"Version":9')
    log = world.log()
    log.commit(WHOLE + unknown[:200], unknown[200:] + NEXT)
    world.event(log)
    assert world.stored == [1, 20]
    (line,) = world.quarantined()
    assert (json.loads(line)["unit"], json.loads(line)["raw"]) == ("record", unknown[1:].decode())
    monkeypatch.setattr("shared.flowlog.envelope._version", lambda *_: 2)
    (name,) = [blob.name for blob in world.quarantine.listed()]
    resubmission = Resubmission(world.quarantine, world.gateway, world.clock)
    (result,) = resubmission.run([name], threading.Event())
    assert (result.accepted, result.left) == (6, 0)
    assert world.stored == ALL


def test_a_log_begun_under_the_first_cut_rule_finishes_under_it(world):
    log = world.log()
    log.commit(WHOLE)
    world.event(log)
    world.rewrite(log, cut=CutRule(1, 100))
    log.commit(FIRST, SECOND + NEXT)
    assert world.event(log).outcome is Outcome.DELIVERED
    assert world.stored == [1, 20]
    assert len(world.quarantined()) == 2
