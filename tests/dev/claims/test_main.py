"""The command, over bounds that take no time."""

import pytest

import dev.claims.__main__ as command
from dev.claims.passes.one_log import OneLog
from dev.claims.passes.rules import Bounds, Rules
from dev.claims.removals import Removal
from dev.claims.violation import Violation

HOLDS = OneLog(Bounds(commits=1, kills=1))
BREAKS = OneLog(Bounds(commits=1), Rules(finish_replaces=False))


@pytest.fixture
def run(monkeypatch, capsys):
    def run(systems, removals):
        monkeypatch.setattr(command, "LARGE", systems)
        monkeypatch.setattr(command, "REMOVALS", removals)
        return command.main(), capsys.readouterr().out

    return run


def test_it_succeeds_if_the_protocol_holds_and_each_rule_is_needed(run):
    status, out = run((HOLDS,), (Removal(BREAKS, Violation.CLAIM_STAYS),))
    assert status == 0
    assert "one log: commits 1, kills 1\n" in out
    assert "finish-replaces: A finish replaces the whole entity." in out
    assert "        Event 1 finishes at commit 1.\n    Everybody has left, and the log is still claimed." in out


def test_it_fails_if_the_protocol_does_not_hold(run):
    status, out = run((HOLDS, BREAKS), ())
    assert status == 1
    assert "        Event 1 finishes at commit 1.\n    Everybody has left, and the log is still claimed." in out


def test_it_fails_if_a_rule_turns_out_not_to_be_needed(run):
    status, out = run((), (Removal(OneLog(Bounds(commits=1), Rules(mark_anew=False)), Violation.LEFT_BEHIND),))
    assert status == 1
    assert f"Expected: {Violation.LEFT_BEHIND.value}" in out


def test_it_fails_if_something_else_goes_wrong_without_a_rule_than_is_said(run):
    assert run((), (Removal(BREAKS, Violation.LOST),))[0] == 1
