"""Plays one schedule in a world, and reports the state at the end."""

import time
from dataclasses import dataclass
from random import Random
from typing import Final

from dev.chaos.accounts import Accounts
from dev.chaos.control import Arrived, Customer
from dev.chaos.crew import Crew, CrewLog, StuckError
from dev.chaos.parts import Setup
from dev.chaos.safeguards import Safeguards
from dev.chaos.schedule import (
    Action,
    Commit,
    Notify,
    RefuseToken,
    Remove,
    RenewToken,
    Replace,
    Schedule,
    SweepBy,
    Thaw,
    Wait,
)
from dev.chaos.storage_control import Hits
from dev.chaos.verdict import Observation
from dev.chaos.worker import Deliver, Sweep
from dev.chaos.world import World
from dev.chaos.writer import LogBlobWriter
from shared.delivery.horizon import whole_hour

_UNTIL_COMPLETE: Final = 4.5 * 3600
"""Seconds until sweeps may take every hour that was written for complete."""
_MOST_SWEEPS: Final = 15
_QUIET_SWEEPS: Final = 2
_AFTER_A_PAUSE: Final = 700.0
"""Seconds after which a worker asks a gateway that failed again, whatever it said."""


@dataclass(frozen=True, slots=True)
class Played:
    """A schedule that was played.

    Attributes:
        observation: What there was at the end.
        crew: What became known of the workers.
        storage: What storage was made to do wrong.
        arrived: What the gateway got.
    """

    observation: Observation
    crew: CrewLog
    storage: Hits
    arrived: Arrived


def play(schedule: Schedule, world: World, safeguards: Safeguards | None = None) -> Played:
    """Play a schedule."""
    accounts = Accounts.of(world.accounts)
    world.ahead.start_at(schedule.start)
    customer = world.gateway.begin(accounts.own.name, takes_more_later=schedule.takes_more_later)
    stage = _Stage(schedule, world, accounts, customer, safeguards or Safeguards())
    with Crew(len(schedule.workers.batch_max_records), stage.setup, world.ahead) as crew:
        trouble = stage.play(crew)
    arrived = world.gateway.arrived(customer)
    observation = _observation(schedule, accounts, arrived, [*trouble, *crew.log.bugs])
    return Played(observation, crew.log, world.storage.hits(accounts.both), arrived)


class _Stage:
    def __init__(
        self, schedule: Schedule, world: World, accounts: Accounts, customer: Customer, safeguards: Safeguards
    ) -> None:
        self._schedule = schedule
        self._world = world
        self._accounts = accounts
        self._customer = customer
        self._safeguards = safeguards
        random = Random(schedule.seed)
        self._writers = [LogBlobWriter(accounts.log_blob(log), log, random) for log in schedule.logs]

    def setup(self, number: int) -> Setup:
        workers = self._schedule.workers
        return Setup(
            logs=self._world.storage.before(self._accounts.logs).connection_string,
            own=self._world.storage.before(self._accounts.own).connection_string,
            gateway=self._world.gateway.url,
            token=self._customer.token,
            start_from=whole_hour(self._schedule.start),
            batch_max_records=workers.batch_max_records[number],
            posts_in_flight=workers.posts_in_flight,
            seconds_a_post=workers.seconds_a_post,
            safeguards=self._safeguards,
        )

    def play(self, crew: Crew) -> list[str]:
        """Play all rounds, then sweep until nothing moves; say what hindered that."""
        try:
            for round_ in self._schedule.rounds:
                self._world.ahead.advance(round_.advance)
                self._world.gateway.plan(self._customer, round_.failures)
                self._world.storage.plan(self._accounts.both, round_.storage)
                crew.begin_round(round_.traps, repeat_lost=round_.repeats_lost)
                for action in round_.actions:
                    self._do(action, crew)
                self._settle(crew)
            return self._sweep_until_still(crew)
        except StuckError as stuck:
            return [str(stuck)]

    def _do(self, action: Action, crew: Crew) -> None:
        match action:
            case Commit(log):
                self._writers[log].commit()
            case Replace(log, recreated):
                self._writers[log].replace(recreated=recreated)
            case Remove(log):
                self._writers[log].remove()
            case Notify(log, worker):
                told = self._schedule.logs[log]
                crew.tell(worker, Deliver(told.container, told.blob))
            case SweepBy(worker):
                crew.tell(worker, Sweep())
            case Thaw(worker):
                crew.thaw(worker)
            case Wait(seconds):
                time.sleep(seconds)
            case RefuseToken():
                self._world.gateway.refuse_token(self._customer)
            case RenewToken():
                self._customer = self._world.gateway.renew_token(self._customer)
                self._settle(crew)
                crew.restart()

    def _settle(self, crew: Crew) -> None:
        crew.settle()
        self._world.storage.settle(self._accounts.both)

    def _sweep_until_still(self, crew: Crew) -> list[str]:
        workers = len(self._schedule.workers.batch_max_records)
        for worker in range(workers):
            crew.thaw(worker)
        self._settle(crew)
        self._world.gateway.plan(self._customer, {})
        self._world.storage.plan(self._accounts.both, ())
        crew.begin_round((None,) * workers, repeat_lost=False)
        self._world.ahead.advance(_UNTIL_COMPLETE)
        quiet = 0
        for _ in range(_MOST_SWEEPS):
            self._world.ahead.advance(_AFTER_A_PAUSE)
            number = crew.tell(0, Sweep())
            crew.settle()
            done = crew.done(number)
            quiet = quiet + 1 if done is not None and not done.outcomes and not done.trouble else 0
            # One sweep moves the watermark, the next sees to checkpoints that were left open before it.
            if quiet == _QUIET_SWEEPS:
                return []
        return [f"{_MOST_SWEEPS} sweeps were not enough; the last one said {done}"]


def _observation(schedule: Schedule, accounts: Accounts, arrived: Arrived, trouble: list[str]) -> Observation:
    refusals = [f"the gateway answered {status} {times} times" for status, times in arrived.unexpected.items()]
    left = [
        *(f"{name} is still held" for name in accounts.held()),
        *(f"{name} is pointed at" for name in accounts.pointed_at()),
    ]
    return Observation(
        stored=arrived.stored,
        aside=accounts.aside(),
        logs=tuple(accounts.log_state(log) for log in schedule.logs),
        sent_twice=arrived.sent_twice,
        unexpected=(*refusals, *left, *trouble),
    )
