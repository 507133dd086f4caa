import pytest

from dev.chaos.steps import Blow, Step, Steps, Trap
from shared.errors import StorageAway


def test_a_trap_is_sprung_at_the_nth_time_that_its_step_is_reached_and_once():
    announced = []
    steps = Steps(announced.append)
    trap = Trap(Step.LOG_READ, 2, Blow.FAIL)
    steps.arm(trap)
    steps.reach(Step.LOG_READ)
    steps.reach(Step.BEFORE_POST)
    with pytest.raises(StorageAway, match="log bytes read"):
        steps.reach(Step.LOG_READ)
    steps.reach(Step.LOG_READ)
    assert announced == [trap]


def test_a_trap_that_was_taken_away_is_not_sprung():
    steps = Steps(lambda trap: pytest.fail(f"{trap} was sprung"))
    steps.arm(Trap(Step.LOG_READ, 1, Blow.FAIL))
    steps.arm(None)
    steps.reach(Step.LOG_READ)
