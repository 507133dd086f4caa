"""How far the protocol is explored."""

from dataclasses import fields
from typing import Any, Final

from dev.claims.explore import System
from dev.claims.hours.one_hour import OneHour
from dev.claims.hours.rules import Bounds as HourBounds
from dev.claims.passes.one_log import OneLog
from dev.claims.passes.rules import Bounds as LogBounds

SMALL: Final[tuple[System[Any], ...]] = (
    OneLog(LogBounds(commits=3, prolongs=1)),
    OneLog(LogBounds(commits=2, rewrite=True, kills=1, lost=1)),
    OneLog(LogBounds(commits=2, kills=1, lost=1, large=0, takes_large_later=True)),
    OneLog(LogBounds(commits=2, kills=1, sleeps=1, late=1)),
    OneHour(HourBounds(commits=2)),
)
"""What the tests go through, in about 2.4 s."""

LARGE: Final[tuple[System[Any], ...]] = (
    OneLog(LogBounds(commits=3, sweep=True)),
    OneLog(LogBounds(commits=3, kills=2, late=1)),
    OneLog(LogBounds(commits=3, kills=1, sleeps=1)),
    OneLog(LogBounds(commits=3, rewrite=True, kills=1, lost=1)),
    OneLog(LogBounds(commits=3, kills=1, lost=1, large=1)),
    OneLog(LogBounds(commits=3, lost=1, give_ups=1, prolongs=1)),
    OneLog(LogBounds(commits=2, sweep=True, kills=1, lost=1, large=0, takes_large_later=True)),
    OneLog(LogBounds(commits=2, sweep=True, rewrite=True, kills=1, sleeps=1)),
    OneLog(LogBounds(commits=2, kills=1, lost=1, sleeps=1, late=1, large=0)),
    OneLog(LogBounds(commits=2, kills=1, lost=1, naps=1, cuts=1)),
    OneHour(HourBounds(commits=2, kills=2)),
    OneHour(HourBounds(commits=2, kills=1, expiries=1)),
    OneHour(HourBounds(commits=2, expiries=1, sweeps=2)),
    OneHour(HourBounds(commits=2, kills=2, expiries=1, sweeps=2, passed=True)),
    OneHour(HourBounds(commits=3, kills=1, passed=True)),
    OneHour(HourBounds(commits=2, kills=1, expiries=1, deletion=True)),
    OneHour(HourBounds(commits=2, kills=1, sweeps=2, deletion=True, passed=True)),
    OneHour(HourBounds(commits=2, kills=1, tidying=True, deletion=True, passed=True)),
)
"""What `python -m dev.claims` goes through, in a few minutes."""


def worded(system: System[Any]) -> str:
    """Return what a system explores, and how far: its bounds, as far as they aren't the least."""
    bounds = {each.name: (getattr(system.bounds, each.name), each.default) for each in fields(system.bounds)}
    words = [
        name.replace("_", " ") + ("" if value is True else f" {value}")
        for name, (value, default) in bounds.items()
        if value != default or name == "commits"
    ]
    return f"{'one log' if isinstance(system, OneLog) else 'one hour'}: {', '.join(words)}"
