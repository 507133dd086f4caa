"""Replays on real storage: gaps are filled, nothing is stored twice."""

import threading
from datetime import timedelta

import pytest

from shared.delivery.breaker import Refusals
from shared.delivery.collaborators import Collaborators
from shared.delivery.replay import Replay
from shared.delivery.report import Outcome
from shared.errors import RetryLater, TokenRefused
from shared.storage.checkpoint import CutRule
from tests.support.gateway import answers, takes_at_most
from tests.support.logs import CLOSER, HEAD, HOUR, log_blob, ports_of, record

H = timedelta(hours=1)
OTHER = "000D3AF87857"


class Replays:
    def __init__(self, world):
        self.world = world
        self.read = 0
        self.stop = threading.Event()

    def plan(self, start=HOUR - 100 * H, end=HOUR + H, prefix="", again="", batch=100):
        self.replay = Replay(self.world.logs, self.world.checkpoints, self.world.claims(), self._means(), batch, again)
        return self.replay.plan(start, end, prefix)

    def __call__(self, **options):
        """Replay everything; return the outcome of each log blob."""
        plan = self.plan(**options)
        self.read = 0
        self.stop.clear()
        self.reports = [report for _, report in self.replay.run(plan, self.stop, self._progress)]
        return [report.outcome for report in self.reports]

    def tally(self, name):
        return sum(getattr(report.tally, name) for report in self.reports)

    def _means(self):
        return Collaborators(self.world.gateway, self.world.quarantine, Refusals(), self.world.clock, 2)

    def _progress(self, count):
        self.read += count


@pytest.fixture
def replays(world):
    return Replays(world)


def delivered(world, *minutes, hour=HOUR, mac=None):
    log = world.log(log_blob(hour, mac) if mac else log_blob(hour))
    for ports in minutes:
        log.minute(*ports)
    assert world.checkpoint(log) is None
    world.horizon.oldest(log.log.kind)
    world.event(log)
    return log


def test_what_the_gateway_has_is_not_stored_twice(world, replays):
    log = delivered(world, [1, 2], [3])
    before = world.checkpoint(log)
    assert replays() == [Outcome.DELIVERED]
    assert world.stored == [1, 2, 3]
    assert replays.tally("posts") == replays.tally("duplicates") == 2
    assert replays.tally("duplicate_records") == 3
    assert world.checkpoint(log) == before


def test_what_the_gateway_lost_is_stored_again(world, replays):
    delivered(world, [1, 2], [3], [4])
    world.gateway.lose(lambda lines: ports_of(lines) == [3])
    assert world.stored == [1, 2, 4]
    assert replays() == [Outcome.DELIVERED]
    assert world.stored == [1, 2, 3, 4]


def test_a_log_that_grew_commit_by_commit_is_replayed_in_the_same_batches(world, replays):
    log = world.log()
    for minute in range(5):
        log.minute(*range(minute * 10, minute * 10 + 7), bad=1)
        world.event(log)
    quarantined = world.quarantined()
    keys = set(world.gateway.batches)
    replays()
    assert set(world.gateway.batches) == keys
    assert world.quarantined() == quarantined


def test_a_log_without_a_checkpoint_is_delivered_and_known_from_then_on(world, replays):
    world.sweep()
    log = world.log(log_blob(HOUR - 50 * H))
    log.minute(1)
    assert world.event(log).outcome is Outcome.TOO_OLD
    (planned,) = replays.plan()
    assert not planned.begun
    assert replays() == [Outcome.DELIVERED]
    assert world.stored == [1]
    assert replays.tally("duplicates") == 0
    assert world.event(log).outcome is Outcome.NOTHING_NEW


def test_what_is_new_in_a_log_is_delivered_too(world, replays):
    log = delivered(world, [1])
    log.minute(2)
    assert replays() == [Outcome.DELIVERED]
    assert world.stored == [1, 2]
    assert world.event(log).outcome is Outcome.NOTHING_NEW


def test_a_log_that_was_rewritten_is_delivered_under_its_new_generation(world, replays):
    log = delivered(world, [1])
    log.rewrite()
    log.minute(2)
    replays()
    assert world.stored == [1, 2]
    replays()
    assert world.stored == [1, 2]


def test_again_stores_everything_once_more_and_only_once_for_each_id(world, replays):
    delivered(world, [1, 2])
    for _ in range(2):
        replays(again="lost-index")
        assert world.stored == [1, 1, 2, 2]
    replays(again="another")
    assert world.stored == [1, 1, 1, 2, 2, 2]


def test_a_gateway_that_takes_more_now_gets_the_same_halves(world, replays):
    world.gateway.always = takes_at_most(2)
    delivered(world, range(7))
    keys = set(world.gateway.batches)
    world.gateway.always = takes_at_most(100)
    assert replays() == [Outcome.DELIVERED]
    assert set(world.gateway.batches) == keys
    assert world.stored == list(range(7))


def test_a_gateway_that_takes_less_now_gets_no_halves(world, replays):
    delivered(world, range(4), [4])
    world.gateway.always = takes_at_most(2)
    assert replays() == [Outcome.UNEXPECTED_ANSWER]
    assert "accepted as a whole before" in replays.reports[0].message
    assert world.stored == list(range(5))


def test_a_batch_under_another_id_may_be_halved(world, replays):
    delivered(world, range(4))
    world.gateway.always = takes_at_most(2)
    assert replays(again="x") == [Outcome.DELIVERED]
    assert world.stored == [0, 0, 1, 1, 2, 2, 3, 3]


def test_another_number_of_records_in_a_batch_changes_nothing_for_what_was_begun(world, replays):
    delivered(world, range(9))
    replays(batch=2)
    assert world.stored == list(range(9))


def test_what_another_version_cut_differently_is_refused(world, replays):
    log = delivered(world, [1])
    world.rewrite(log, cut=CutRule(0, 100))
    assert replays() == [Outcome.UNSUPPORTED]
    assert world.stored == [1]


def test_a_log_whose_batches_are_not_known_any_more_is_refused(world, replays):
    log = delivered(world, [1])
    log.commit(b"," + record(2) + CLOSER, closer=b"")
    world.event(log)
    assert replays() == [Outcome.UNSUPPORTED]
    assert "no longer known" in replays.reports[0].message
    assert world.stored == [1, 2]
    assert replays(again="x") == [Outcome.DELIVERED]
    assert world.stored == [1, 1, 2, 2]


def test_only_the_hours_from_the_first_up_to_the_last_are_planned(world, replays):
    for hours in range(5):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    plan = replays.plan(HOUR - 3 * H, HOUR - H)
    assert [planned.item.log.hour for planned in plan] == [HOUR - 3 * H, HOUR - 2 * H]


def test_only_resources_that_begin_with_the_prefix_are_planned(world, replays):
    log = world.log()
    log.minute(1)
    assert len(replays.plan(prefix=log.log.resource)) == 1
    assert len(replays.plan(prefix=log.log.resource.lower()[:-1])) == 1
    assert replays.plan(prefix=f"{log.log.resource}X") == []


def test_a_log_read_by_bytes_is_replayed_in_the_same_batches(world, replays):
    log = world.log()
    log.put(HEAD + record(1) + b"," + record(2) + CLOSER)
    world.event(log)
    assert replays() == [Outcome.DELIVERED]
    assert world.stored == [1, 2]
    assert replays.tally("duplicates") == replays.tally("posts") > 0


def test_a_log_that_ends_within_a_record_is_replayed_up_to_there(world, replays):
    log = world.log()
    log.put(HEAD + record(1) + b',{"time"')
    world.event(log)
    world.gateway.lose(lambda _: True)
    replays()
    assert world.stored == [1]


def test_a_refused_token_ends_the_replay(world, replays):
    for mac in range(20):
        delivered(world, [mac], mac=f"000D3AF878{mac:02d}")
    world.gateway.always = answers(TokenRefused("401"))
    outcomes = replays()
    assert Outcome.TOKEN_REFUSED in outcomes
    assert set(outcomes) <= {Outcome.TOKEN_REFUSED, Outcome.CONTINUES}
    assert len(outcomes) < 20
    assert replays.stop.is_set()


def test_an_outage_ends_the_replay_and_a_later_one_continues(world, replays):
    delivered(world, [1], [2])
    world.gateway.lose(lambda _: True)
    world.gateway.always = answers(RetryLater("503"))
    assert replays() == [Outcome.RETRY_LATER]
    world.gateway.always = lambda *_: None
    assert replays() == [Outcome.DELIVERED]
    assert world.stored == [1, 2]


def test_a_stop_leaves_the_rest_to_a_later_replay(world, replays):
    delivered(world, *([port] for port in range(12)))
    world.gateway.lose(lambda _: True)
    world.gateway.always = lambda lines, _: replays.stop.set() if ports_of(lines) == [3] else None
    assert replays() == [Outcome.CONTINUES]
    some = world.stored
    assert 3 in some
    assert 11 not in some
    world.gateway.always = lambda *_: None
    assert replays() == [Outcome.DELIVERED]
    assert world.stored == list(range(12))


def test_a_replay_that_was_stopped_before_it_began_looks_at_nothing(world, replays):
    delivered(world, [1])
    plan = replays.plan()
    replays.stop.set()
    assert list(replays.replay.run(plan, replays.stop, replays._progress)) == []


def test_progress_adds_up_to_the_size_of_the_plan(world, replays):
    delivered(world, [1], [2])
    delivered(world, [3], mac=OTHER)
    replays()
    assert replays.read == sum(planned.item.size for planned in replays.plan())
