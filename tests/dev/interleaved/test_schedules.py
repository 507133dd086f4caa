"""Delivery's own code, a step at a time: it holds in every kind of schedule, and not without its rules."""

import pytest

from dev.interleaved.__main__ import first_failure
from dev.interleaved.faults import MIXES
from dev.interleaved.rules import Rule
from dev.interleaved.schedule import play
from tests.long import first_of_each

_SEEDS = range(1, 400)
_TAKES_LONG = {Rule.SAVE_AGAIN, Rule.POINTER_THEN_LIST}


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("seed", first_of_each(range(1, 31), 10))
def test_every_tuple_is_stored_once_and_every_checkpoint_closes(mix, seed):
    play(seed, MIXES[mix])


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=[pytest.mark.long] if rule in _TAKES_LONG else []) for rule in Rule]
)
def test_without_a_rule_something_goes_wrong(rule):
    assert first_failure(rule, _SEEDS)


def test_a_seed_repeats_a_schedule():
    assert play(3, MIXES["all"]) == play(3, MIXES["all"])
