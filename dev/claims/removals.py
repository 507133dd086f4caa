"""What goes wrong without each rule."""

from dataclasses import dataclass
from typing import Any, Final

from dev.claims.explore import System
from dev.claims.hours.one_hour import OneHour
from dev.claims.hours.rules import Bounds as HourBounds
from dev.claims.hours.rules import Rules as HourRules
from dev.claims.passes.one_log import OneLog
from dev.claims.passes.rules import Bounds as LogBounds
from dev.claims.passes.rules import Rules as LogRules
from dev.claims.violation import Violation


@dataclass(frozen=True, slots=True)
class Removal:
    """A system without a rule, or without two, and what goes wrong in it; None if the others make up for it."""

    system: System[Any]
    violation: Violation | None


_HALVING: Final = LogBounds(commits=2, kills=1, large=0, takes_large_later=True)

REMOVALS: Final = (
    Removal(OneLog(LogBounds(2), LogRules(claim_if_match=False)), Violation.TAKEOVER_DURING_POST),
    Removal(OneLog(LogBounds(3), LogRules(id_per_invocation=False)), Violation.SENT_TWICE),
    Removal(OneLog(LogBounds(3), LogRules(known_before_list=False)), Violation.OLD_LIST),
    Removal(OneLog(LogBounds(3), LogRules(list_anew=False)), Violation.OLD_LIST),
    Removal(OneLog(LogBounds(2, lost=1), LogRules(own_id=False)), Violation.LEFT_BEHIND),
    Removal(OneLog(LogBounds(2), LogRules(mark_if_match=False)), Violation.LEFT_BEHIND),
    Removal(OneLog(LogBounds(2), LogRules(mark_refused_reads=False)), Violation.LEFT_BEHIND),
    Removal(OneLog(LogBounds(3), LogRules(mark_anew=False, take_off_first=False)), Violation.LEFT_BEHIND),
    Removal(OneLog(LogBounds(3, lost=1), LogRules(mark_anew=False)), None),
    Removal(OneLog(LogBounds(3, lost=1), LogRules(take_off_first=False)), None),
    Removal(OneLog(LogBounds(2), LogRules(finish_keeps_mark=False)), Violation.LEFT_BEHIND),
    Removal(OneLog(LogBounds(2), LogRules(finish_if_match=False)), Violation.LEFT_BEHIND),
    Removal(OneLog(LogBounds(2), LogRules(finish_again=False)), Violation.LEFT_BEHIND),
    Removal(OneLog(_HALVING, LogRules(save_again=False)), Violation.STORED_TWICE),
    Removal(OneLog(_HALVING, LogRules(halved_first=False)), Violation.STORED_TWICE),
    Removal(OneLog(LogBounds(1), LogRules(finish_replaces=False)), Violation.CLAIM_STAYS),
    Removal(OneLog(LogBounds(2), LogRules(prolong=False)), Violation.SENT_TWICE),
    Removal(OneLog(LogBounds(2, sleeps=1), LogRules(check_before_post=False)), Violation.TAKEOVER_DURING_POST),
    Removal(OneLog(LogBounds(2, cuts=1), LogRules(attempt_ends_first=False)), Violation.TAKEOVER_DURING_POST),
    Removal(OneLog(LogBounds(2, naps=2), LogRules(takeover_margin=False)), Violation.TAKEOVER_DURING_POST),
    Removal(OneHour(HourBounds(1, kills=1), HourRules(pointer_always=False)), Violation.NEVER_DELIVERED),
    Removal(OneHour(HourBounds(1, kills=1), HourRules(pointer_anew=False)), Violation.STAYS_OPEN),
    Removal(OneHour(HourBounds(2, kills=1, passed=True), HourRules(pointer_if_match=False)), Violation.NEVER_DELIVERED),
    Removal(OneHour(HourBounds(2, kills=1, passed=True), HourRules(pointer_then_log=False)), Violation.NEVER_DELIVERED),
    Removal(
        OneHour(HourBounds(2, kills=1, sweeps=2, passed=True), HourRules(closed_ends_claim=False)),
        Violation.NEVER_DELIVERED,
    ),
    Removal(OneHour(HourBounds(2, kills=1), HourRules(close_if_match=False)), Violation.NEVER_DELIVERED),
    Removal(OneHour(HourBounds(1, deletion=True), HourRules(gone_closes=False)), Violation.POINTER_STAYS),
    Removal(
        OneHour(HourBounds(1, kills=1, deletion=True, passed=True), HourRules(pointer_aged=False)),
        Violation.STAYS_OPEN,
    ),
    Removal(
        OneHour(HourBounds(2, tidying=True, passed=True), HourRules(delete_if_match=False)), Violation.HELD_DELETED
    ),
)
"""Each rule, in the smallest bounds in which it shows."""
