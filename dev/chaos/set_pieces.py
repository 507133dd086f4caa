"""Schedules made by hand: each is about one thing, and comes out the same every time."""

from datetime import datetime, timedelta
from random import Random
from typing import Final

from dev.chaos.draw import START
from dev.chaos.failures import Failure
from dev.chaos.logs import LogWriter
from dev.chaos.schedule import (
    Commit,
    Content,
    Log,
    Notify,
    RefuseToken,
    RenewToken,
    Round,
    Schedule,
    Style,
    SweepBy,
    Thaw,
    Workers,
)
from dev.chaos.steps import Blow, Step, Trap
from dev.flowlogs.nics import Format, Load, Nic

_HOUR: Final = START.replace(minute=0)
_CLAIM_SECONDS: Final = 75.0
"""How long a worker that is gone keeps others off."""
_FIVE_DAYS: Final = timedelta(days=5)
_PAUSE: Final = timedelta(hours=12)
_MUCH: Final = 100_000
_TWO: Final = Workers(batch_max_records=(_MUCH, _MUCH), posts_in_flight=1)
_NONE: Final = (None, None)


def lost_reply() -> Schedule:
    """Lose the reply to a post, so that it is repeated: harmless as long as its key is the same."""
    return _schedule(_logs(1), (Round(0.0, _NONE, (Commit(0), Notify(0, 0)), {1: Failure.LOST_REPLY}),))


def events_at_once() -> Schedule:
    """Send many events about one log at once, with no fault."""
    told = (Notify(0, 0), Notify(0, 1))
    return _schedule(_logs(1), (Round(0.0, _NONE, (Commit(0), *told, *told, *told)),))


def frozen_while_halving() -> Schedule:
    """Freeze a worker before it saves that a batch is halved, and let it continue when another has delivered the whole.

    Harmless as long as the other's checkpoint keeps the first from writing its own.
    """
    frozen = Trap(Step.BEFORE_CHECKPOINT, 1, Blow.FREEZE)
    rounds = (
        Round(0.0, (frozen, None), (Commit(0), Notify(0, 0)), {1: Failure.TOO_LARGE}),
        Round(_CLAIM_SECONDS, _NONE, (Notify(0, 1),)),
        Round(0.0, _NONE, (Thaw(0),)),
    )
    return _schedule(_logs(1), rounds)


def dead_holder() -> Schedule:
    """Kill a worker that holds a log: until its claim has ended others leave the log alone, and then deliver it."""
    killed = Trap(Step.AFTER_REPLY, 1, Blow.KILL)
    rounds = (
        Round(0.0, (killed, None), (Commit(0), Notify(0, 0))),
        Round(_CLAIM_SECONDS - 10, _NONE, (Notify(0, 1),)),
        Round(20.0, _NONE, (Notify(0, 1),)),
    )
    return _schedule(_logs(1), rounds)


def refused_for_five_days() -> Schedule:
    """Refuse the subscription token for five days, in which logs grow and sweeps run; then issue a new one."""
    times = int(_FIVE_DAYS / _PAUSE)
    logs = tuple(log for number in range(times) for log in _logs(2, _HOUR + number * _PAUSE))
    refused = tuple(
        Round(_PAUSE.total_seconds(), _NONE, (*_grown(2 * number), *_grown(2 * number + 1), SweepBy(1)))
        for number in range(times)
    )
    rounds = (Round(0.0, _NONE, (RefuseToken(),)), *refused, Round(0.0, _NONE, (RenewToken(),)))
    return _schedule(logs, rounds)


def _grown(log: int) -> tuple[Commit, Notify]:
    return Commit(log), Notify(log, 0)


def _logs(nics: int, hour: datetime = _HOUR) -> tuple[Log, ...]:
    writer = LogWriter(Random(f"{hour}"), {})
    formats = (Format.VNET_4, Format.NSG_2)
    return tuple(
        Log(nic, hour, (Content(Style.BLOCKS, ((writer.chunk(nic, hour + timedelta(minutes=4)),),)),))
        for nic in (Nic(formats[number], number + 1, Load.SPARSE) for number in range(nics))
    )


def _schedule(logs: tuple[Log, ...], rounds: tuple[Round, ...]) -> Schedule:
    return Schedule(seed=0, start=START, logs=logs, rounds=rounds, workers=_TWO)
