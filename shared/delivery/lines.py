"""What is logged of invocations: a line where somebody may need it, and all of them together once a minute.

A line costs more than the update that it tells of. So an invocation without anything to tell is only counted, and the
counts are logged with the next invocation after a minute. They can't be logged by themselves: the host drops what is
logged outside of an invocation.
"""

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.clock import Clock
from shared.delivery.report import Outcome, Report, log_line

_SUMMARY_SECONDS = 60.0
_SLOW_LAG_SECONDS = 60.0
_SLOW_MILLISECONDS = 60_000
_SUMMED = ("bytes", "tuples", "records", "posts", "duplicates")


@dataclass(slots=True)
class _Counted:
    # What was counted since a moment of the process's clock.
    since: float
    outcomes: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    lags: list[float] = field(default_factory=list)
    milliseconds: list[int] = field(default_factory=list)

    def add(self, report: Report) -> None:
        self.outcomes[report.outcome.code] += 1
        self.sums.update({name: getattr(report.tally, name) for name in _SUMMED})
        self.milliseconds.append(report.milliseconds)
        if report.tally.lag_seconds is not None:
            self.lags.append(report.tally.lag_seconds)

    def log(self, now: float) -> None:
        log_line(
            Outcome.SUMMARY,
            {
                "seconds": round(now - self.since),
                **{f"{code}_invocations": count for code, count in sorted(self.outcomes.items())},
                **{name: self.sums[name] for name in _SUMMED if self.sums[name]},
                **_percentiles("lag_seconds", self.lags),
                **_percentiles("ms", self.milliseconds),
            },
        )


class Lines:
    """Logs what the invocations of a process did; safe to share between threads."""

    def __init__(self, clock: Clock, *, each: bool) -> None:
        """Begin; `each` logs a line for each invocation besides the summaries."""
        self._clock = clock
        self._each = each
        self._lock = threading.Lock()
        self._counted = _Counted(clock.monotonic())
        self._in_trouble = False

    def log(self, report: Report) -> None:
        """Log or count an invocation that has just ended, with its own thread."""
        now, due = self._clock.monotonic(), None
        with self._lock:
            is_told = self._each or _tells(report) or (self._in_trouble and report.outcome is Outcome.DELIVERED)
            if report.outcome.level >= logging.ERROR:
                self._in_trouble = True
            elif report.outcome is Outcome.DELIVERED:
                self._in_trouble = False
            self._counted.add(report)
            if now - self._counted.since >= _SUMMARY_SECONDS:
                due, self._counted = self._counted, _Counted(now)
        if is_told:
            report.log()
        if due is not None:
            due.log(now)


def _tells(report: Report) -> bool:
    tally = report.tally
    slow = (tally.lag_seconds or 0) > _SLOW_LAG_SECONDS or report.milliseconds > _SLOW_MILLISECONDS
    unusual = tally.quarantined or tally.rewritten or tally.retries or tally.halved or tally.duplicates
    return report.outcome.level >= logging.WARNING or report.outcome is Outcome.CONTINUES or slow or bool(unusual)


def _percentiles(name: str, values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    ordered = sorted(values)
    return {f"{name}_p{part}": ordered[(len(ordered) - 1) * part // 100] for part in (50, 95, 100)}
