"""The protocol holds, and doesn't without each of its rules. `make claims-model` goes further."""

from dataclasses import fields

import pytest

from dev.claims.bounds import LARGE, SMALL, worded
from dev.claims.explore import explore
from dev.claims.hours.one_hour import OneHour
from dev.claims.hours.rules import Rules as HourRules
from dev.claims.passes.one_log import OneLog
from dev.claims.passes.rules import Bounds as LogBounds
from dev.claims.passes.rules import Rules as LogRules
from dev.claims.removals import REMOVALS
from dev.claims.rule import taken_out
from dev.claims.violation import Violation


@pytest.mark.parametrize("system", SMALL, ids=worded)
def test_nothing_goes_wrong(system):
    found = explore(system)
    assert (found.violation, found.story) == (None, ())
    assert found.states > 1000  # in far fewer, little has happened


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: "+".join(taken_out(removal.system.rules)))
def test_without_a_rule_it_goes_wrong_as_expected(removal):
    found = explore(removal.system)
    assert found.violation is removal.violation, "\n".join(found.story)


@pytest.mark.parametrize("rules", [LogRules(), HourRules()], ids=["one log", "one hour"])
def test_every_rule_is_needed(rules):
    needed = [taken_out(removal.system.rules) for removal in REMOVALS if removal.violation is not None]
    assert {each.name for each in fields(rules)} <= {name for names in needed for name in names}


def test_explored_bounds_keep_to_every_rule():
    assert [taken_out(system.rules) for system in (*SMALL, *LARGE)] == [{}] * len((*SMALL, *LARGE))


def test_both_parts_are_explored():
    for bounds in SMALL, LARGE:
        assert {type(system) for system in bounds} == {OneLog, OneHour}


def test_a_story_says_how_it_comes_to_that():
    found = explore(OneLog(LogBounds(commits=1), LogRules(finish_replaces=False)))
    assert found.violation is Violation.CLAIM_STAYS
    assert found.story == (
        "Azure makes commit 1.",
        "Event 1 reads the checkpoint: there is none.",
        "Event 1 lists the blocks of commit 1.",
        "Event 1 creates the checkpoint, and claims it with that.",
        "Event 1 posts batch 1.",
        "The gateway takes batch 1.",
        "Event 1 finishes at commit 1.",
    )
