from collections import Counter
from functools import cache

import pytest

from dev.chaos.draw import START, draw
from dev.chaos.failures import Failure
from dev.chaos.schedule import Commit, Notify, Remove, Replace, Style, SweepBy, Thaw
from dev.chaos.steps import GATEWAY_STEPS, STORAGE_STEPS, SWEEP_STEPS, Blow, Step
from dev.chaos.storage_faults import CHECKPOINTS, DRAWN, MEDDLED, POINTERS, WATERMARKS, Operation, drawn
from dev.chaos.verdict import expectation


@cache
def schedules():
    """Drawn when they are first asked for, not while tests are looked for."""
    return [draw(seed) for seed in range(200)]


def rounds():
    return [(schedule, round_) for schedule in schedules() for round_ in schedule.rounds]


def traps():
    return [(round_, worker, trap) for _, round_ in rounds() for worker, trap in enumerate(round_.traps) if trap]


def test_a_seed_gives_the_same_schedule_every_time():
    assert draw(7) == draw(7) == schedules()[7]
    assert draw(7) != draw(8)


def test_no_two_tuples_of_a_schedule_are_equal():
    for schedule in schedules():
        expected = expectation(schedule)
        everything = expected.stored + expected.aside + expected.perhaps_stored + expected.perhaps_aside
        assert set(everything.values()) == {1}


def test_every_content_of_every_log_is_written_to_its_end():
    for schedule in schedules():
        written = Counter(
            action.log
            for round_ in schedule.rounds
            for action in round_.actions
            if isinstance(action, (Commit, Replace))
        )
        for number, log in enumerate(schedule.logs):
            assert written[number] == sum(len(content.commits) for content in log.contents)


def test_every_step_every_failure_and_every_style_is_drawn():
    assert {trap.step for _, _, trap in traps()} == set(Step)
    assert {failure for _, round_ in rounds() for failure in round_.failures.values()} == set(Failure)
    styles = {content.style for each in schedules() for log in each.logs for content in log.contents}
    assert styles == set(Style) - {Style.MARKED}
    kinds = {type(action) for _, round_ in rounds() for action in round_.actions}
    assert {Commit, Replace, Remove, Notify, SweepBy, Thaw} <= kinds


def test_nothing_is_struck_at_a_step_where_it_can_not_be():
    for _, _, trap in traps():
        assert trap.blow is Blow.KILL or trap.step not in GATEWAY_STEPS
        assert trap.blow is not Blow.FAIL or trap.step in STORAGE_STEPS


def test_a_worker_that_is_to_be_struck_in_the_sweep_sweeps():
    for round_, worker, trap in traps():
        assert trap.step not in SWEEP_STEPS or SweepBy(worker) in round_.actions


def test_whoever_may_freeze_continues_in_the_next_round():
    for schedule in schedules():
        for round_, following in zip(schedule.rounds, schedule.rounds[1:], strict=False):
            frozen = {worker for worker, trap in enumerate(round_.traps) if trap and trap.blow is Blow.FREEZE}
            assert {action.worker for action in following.actions if isinstance(action, Thaw)} == frozen


def test_a_calm_schedule_has_events_and_no_trouble():
    calm = [schedule for schedule in schedules() if schedule.calm]
    assert len(calm) > 20
    for schedule in calm:
        assert not any(round_.failures or any(round_.traps) for round_ in schedule.rounds)


def test_logs_are_written_before_the_sweep_takes_their_hours_for_complete():
    for schedule in schedules():
        now = START.timestamp()
        for round_ in schedule.rounds:
            now += round_.advance
            for action in round_.actions:
                if isinstance(action, (Commit, Replace, Remove)):
                    assert now < schedule.logs[action.log].hour.timestamp() + 3 * 3600


@pytest.mark.parametrize("advance", [round_.advance for round_ in draw(0).rounds])
def test_time_never_runs_backwards(advance):
    assert advance >= 0


def test_a_third_of_what_storage_answers_wrongly_are_replaces_of_entities():
    asked = Counter(trouble.operation for _, round_ in rounds() for trouble in round_.storage)
    replaces = sum(asked[entities.replace] for entities in (CHECKPOINTS, POINTERS, WATERMARKS))
    assert 0.28 < replaces / asked.total() < 0.38
    assert asked.most_common(1)[0][0] is Operation.CHECKPOINT_REPLACE


def test_storage_does_nothing_that_its_other_service_alone_would_say():
    for _, round_ in rounds():
        assert all(trouble.fault in drawn(trouble.operation) for trouble in round_.storage)


def test_every_fault_and_every_operation_is_drawn():
    troubles = [trouble for _, round_ in rounds() for trouble in round_.storage]
    assert {trouble.fault for trouble in troubles} == set(DRAWN)
    assert {trouble.operation for trouble in troubles} == set(MEDDLED)
