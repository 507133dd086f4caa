"""What a run has seen, added up."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from dev.chaos.failures import Failure, Refusal
from dev.chaos.play import Played
from dev.chaos.schedule import Notify, Schedule, SweepBy
from dev.chaos.steps import GATEWAY_STEPS, RACE_STEPS, STORAGE_STEPS, Blow, Step
from dev.chaos.storage_control import Hits
from dev.chaos.storage_faults import DRAWN, MEDDLED, Operation, StorageFault
from dev.chaos.verdict import Verdict
from shared.delivery.report import Outcome


@dataclass(slots=True)
class Figures:
    """Sums over the schedules of a run."""

    schedules: int = 0
    calm: int = 0
    events: int = 0
    sweeps: int = 0
    posts: int = 0
    stored: int = 0
    aside: int = 0
    lost: int = 0
    doubled: int = 0
    sent_twice: int = 0
    sent_twice_calm: int = 0
    failed: int = 0
    blows: Counter[tuple[Step, Blow]] = field(default_factory=Counter)
    passed: Counter[Step] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    storage: Hits = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    def add(self, schedule: Schedule, played: Played, verdict: Verdict) -> None:
        """Add one schedule."""
        actions = [action for round_ in schedule.rounds for action in round_.actions]
        self.schedules += 1
        self.calm += schedule.calm
        self.events += sum(isinstance(action, Notify) for action in actions)
        self.sweeps += sum(isinstance(action, SweepBy) for action in actions)
        self.posts += played.arrived.posts
        self.stored += played.observation.stored.total()
        self.aside += played.observation.aside.total()
        self.lost += verdict.lost.total() + verdict.lost_aside.total()
        self.doubled += verdict.doubled.total() + verdict.doubled_aside.total()
        self.sent_twice += played.arrived.sent_twice
        self.sent_twice_calm += verdict.sent_twice
        self.failed += not verdict.passed
        self.failures += played.arrived.hits
        self.storage += played.storage
        self.outcomes += played.crew.outcomes
        self.passed += played.crew.passed
        for trap, times in played.crew.blows.items():
            self.blows[trap.step, trap.blow] += times

    def lines(self) -> Iterator[str]:
        """Yield all figures, a line each."""
        yield f"{self.schedules} schedules, {self.calm} of them calm, {self.failed} failed"
        yield f"{self.events} events and {self.sweeps} sweeps, besides those at the end"
        yield f"{self.posts} posts; {self.stored} records stored, {self.aside} set aside"
        yield f"lost {self.lost}, doubled {self.doubled}"
        yield f"sent twice {self.sent_twice}, in calm schedules {self.sent_twice_calm}"
        yield ""
        columns = (*(blow.value for blow in Blow), "came to")
        yield f"{'struck at the step':44}" + "".join(f"{column:>14}" for column in columns)
        for step in Step:
            times = "".join(f"{self._struck(step, blow):>14}" for blow in Blow)
            yield f"{step.value:44}{times}{self.passed[step]:>14}"
        yield ""
        yield "failures of the gateway"
        yield from (f"{name:40}{self.failures[name]:>14}" for name in _names())
        yield ""
        yield "wrong answers of storage"
        yield from (f"{fault.value:40}{self._wrong(fault):>14}" for fault in DRAWN)
        yield ""
        yield "to what it was asked"
        yield from (f"{operation.value:40}{self._meddled(operation):>14}" for operation in MEDDLED)
        yield ""
        yield "how invocations ended"
        yield from (f"{outcome.code:40}{times:>14}" for outcome, times in self.outcomes.most_common())

    def rare(self, at_least: int) -> list[str]:
        """Name the steps and failures that were hit less often than that."""
        steps = [step.value for step in Step if self._came_to(step) < at_least]
        failures = [name for name in _names() if self.failures[name] < at_least]
        wrong = [fault.value for fault in DRAWN if self._wrong(fault) < at_least]
        asked = [operation.value for operation in MEDDLED if self._meddled(operation) < at_least]
        return [*steps, *failures, *wrong, *asked]

    def _came_to(self, step: Step) -> int:
        # Those of a race can't be arranged for: it is enough that they were come to.
        struck = sum(self.blows[step, blow] for blow in Blow)
        return self.passed[step] if step in RACE_STEPS else struck

    def _wrong(self, fault: StorageFault) -> int:
        return sum(self.storage[operation, fault] for operation in Operation)

    def _meddled(self, operation: Operation) -> int:
        return sum(self.storage[operation, fault] for fault in StorageFault)

    def _struck(self, step: Step, blow: Blow) -> str:
        possible = {Blow.KILL: True, Blow.FREEZE: step not in GATEWAY_STEPS, Blow.FAIL: step in STORAGE_STEPS}
        return str(self.blows[step, blow]) if possible[blow] else "-"


def _names() -> list[str]:
    return [failure.value for failure in (*Failure, *Refusal)]
