"""Schedules made by hand about what storage says: each comes out right with one check, and wrong without it.

They are played by one worker, one request after the other, so that the n-th request of a kind is always the same one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from dev.chaos.checks import Check
from dev.chaos.draw import START
from dev.chaos.failures import Failure
from dev.chaos.logs import LogWriter
from dev.chaos.play import Played
from dev.chaos.schedule import (
    Action,
    Commit,
    Content,
    Log,
    Notify,
    Replace,
    Round,
    Schedule,
    Style,
    SweepBy,
    Workers,
)
from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble
from dev.chaos.verdict import expectation, judge
from dev.flowlogs.nics import Format, Load, Nic
from shared.delivery.report import Outcome

_HOUR: Final = START.replace(minute=0)
_LATER: Final = 4.5 * 3600.0
"""Seconds after which the sweep may pass the hour that is written."""
_REST: Final = 700.0
"""Seconds after which a gateway that failed is asked again."""
_QUIET: Final = frozenset({Outcome.DELIVERED, Outcome.NOTHING_NEW, Outcome.NIC_SILENT})
"""How invocations end of which nobody needs to know: schedules go on for hours after their only NIC's last log."""
_NIC: Final = Nic(Format.VNET_4, 1, Load.SPARSE)

type _Wrong = tuple[Operation, int, StorageFault] | tuple[Operation, int, StorageFault, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A schedule, and what there must be at its end besides every record once.

    Attributes:
        check: Without which it goes wrong.
        schedule: What happens.
        quiet: Whether nothing may be told but that logs were delivered.
        told: An outcome that must be told; None for none.
    """

    check: Check
    schedule: Schedule
    quiet: bool = False
    told: Outcome | None = None

    def wrongs(self, played: Played) -> list[str]:
        """Yield what went wrong, a sentence each."""
        verdict = judge(expectation(self.schedule), played.observation, calm=False)
        return [*verdict.sentences(), *self._untold(played)]

    def _untold(self, played: Played) -> Iterator[str]:
        if self.quiet:
            yield from (f"an invocation ended as: {each.code}" for each in played.crew.outcomes if each not in _QUIET)
            yield from (f"a sweep said: {trouble}" for trouble in played.crew.troubles)
        if self.told is not None and not played.crew.outcomes[self.told]:
            yield f"no invocation ended as: {self.told.code}"
        if not played.storage:
            yield "storage did nothing wrong"


def pieces() -> tuple[Piece, ...]:
    """Make all of them, in the order of their checks."""
    made = (
        _gone_in_a_page(),
        _gone_though_listed(),
        _container_lost(),
        _container_not_seen_at_first(),
        _block_list_asked_twice(),
        _checkpoint_written_twice(),
        _watermark_written_twice(),
        _half_a_range(),
        _marked_as_compressed(),
        _listing_of_before(),
        _xml_of_something_else(),
        _json_without_sense(),
        _no_blocks_once(),
        _put_whole_over_a_begun_one(),
        _record_cut_by_blocks(),
    )
    assert [piece.check for piece in made] == list(Check)
    return made


def _gone_in_a_page() -> Piece:
    # With the listing lying too, it takes the check itself, and not the second question that an absence leads to.
    wrong: list[_Wrong] = [
        (Operation.BLOCK_LIST, 1, StorageFault.PAGE_404),
        (Operation.LIST, 1, StorageFault.NOTHING, 9),
    ]
    return Piece(Check.ABSENCE, _open_and_out_of_sight(wrong))


def _gone_though_listed() -> Piece:
    return Piece(Check.LISTING, _open_and_out_of_sight([(Operation.BLOCK_LIST, 1, StorageFault.BLOB_404)]))


def _open_and_out_of_sight(wrong: Sequence[_Wrong]) -> Schedule:
    # An open checkpoint is all that keeps a log in sight that the watermark has passed; an event then meets trouble.
    return _schedule(
        _log(2),
        _round(Commit(0), Notify(0, 0)),
        _round(SweepBy(0), after=_LATER),
        _round(SweepBy(0)),
        _round(Commit(0), Notify(0, 0), failures={1: Failure.AWAY_FOR_LONG}),
        _round(Notify(0, 0), after=_REST, wrong=wrong),
    )


def _container_lost() -> Piece:
    wrong = [(Operation.LIST, 1, StorageFault.CONTAINER_404, 9)]
    return Piece(
        Check.CONTAINER,
        _schedule(
            _log(1),
            _round(SweepBy(0)),
            _round(Commit(0)),
            _round(SweepBy(0), after=_LATER, wrong=wrong),
        ),
    )


def _container_not_seen_at_first() -> Piece:
    wrong = [(Operation.LIST, 1, StorageFault.CONTAINER_404, 9)]
    return Piece(
        Check.FIRST_SIGHT, _schedule(_log(1), _round(Commit(0)), _round(SweepBy(0), after=_LATER, wrong=wrong))
    )


def _block_list_asked_twice() -> Piece:
    # Both times that it is looked at, the library asks twice: the first answer is lost.
    wrong = [(Operation.BLOCK_LIST, nth, StorageFault.RESET_AFTER) for nth in (1, 3)]
    return Piece(
        Check.ETAG, _schedule(_log(2), _round(Commit(0), Notify(0, 0)), _round(Commit(0), Notify(0, 0), wrong=wrong))
    )


def _checkpoint_written_twice() -> Piece:
    # The first replacement gives the first claim up.
    wrong = [(Operation.CHECKPOINT_REPLACE, 1, StorageFault.RESET_AFTER)]
    return Piece(
        Check.REPEATED_CHECKPOINT, _schedule(_log(1), _round(Commit(0), Notify(0, 0), wrong=wrong)), quiet=True
    )


def _watermark_written_twice() -> Piece:
    wrong = [(Operation.WATERMARK_REPLACE, 1, StorageFault.RESET_AFTER)]
    return Piece(
        Check.REPEATED_WATERMARK,
        _schedule(_log(1), _round(Commit(0), Notify(0, 0)), _round(SweepBy(0), after=_LATER, wrong=wrong)),
        quiet=True,
    )


def _half_a_range() -> Piece:
    # Log bytes are read after the first block and the last one; what is missing of them, the library asks for again.
    wrong = [(Operation.READ, 3, StorageFault.SHORT, 2)]
    return Piece(Check.RANGE, _schedule(_log(1), _round(Commit(0), Notify(0, 0), wrong=wrong)))


def _marked_as_compressed() -> Piece:
    wrong = [(Operation.READ, 1, StorageFault.DELAYED)]
    return Piece(
        Check.ENCODING, _schedule(_log(1, Style.MARKED), _round(Commit(0), Notify(0, 0), wrong=wrong)), quiet=True
    )


def _listing_of_before() -> Piece:
    # Of an hour that holds a log, the sweep gets the listing of the hour before, which holds none.
    wrong = [(Operation.LIST, 7, StorageFault.STALE)]
    return Piece(Check.QUESTION, _schedule(_log(1), _round(Commit(0)), _round(SweepBy(0), after=_LATER, wrong=wrong)))


def _xml_of_something_else() -> Piece:
    wrong = [(Operation.BLOCK_LIST, 1, StorageFault.OTHER_XML, 3)]
    return Piece(
        Check.ROOT, _schedule(_log(2), _round(Commit(0), Notify(0, 0)), _round(Commit(0), Notify(0, 0), wrong=wrong))
    )


def _json_without_sense() -> Piece:
    wrong = [(Operation.CHECKPOINT_READ, 1, StorageFault.GARBLED_JSON)]
    return Piece(
        Check.UNREADABLE,
        _schedule(_log(1), _round(Commit(0), Notify(0, 0), wrong=wrong)),
        told=Outcome.RETRY_LATER,
    )


def _no_blocks_once() -> Piece:
    wrong = [(Operation.BLOCK_LIST, 1, StorageFault.NOTHING)]
    return Piece(
        Check.SECOND_LOOK,
        _schedule(_log(2), _round(Commit(0), Notify(0, 0)), _round(Commit(0), Notify(0, 0), wrong=wrong)),
    )


def _put_whole_over_a_begun_one() -> Piece:
    wrong = [(Operation.READ, 3, StorageFault.BROKEN, 9)]
    contents = (_content(1, Style.BLOCKS, 1), _content(1, Style.WHOLE, 2))
    return Piece(
        Check.PUT_WHOLE,
        _schedule(
            Log(_NIC, _HOUR, contents),
            _round(Commit(0), Notify(0, 0), wrong=wrong),
            _round(Replace(0, recreated=False), Notify(0, 0)),
        ),
    )


def _record_cut_by_blocks() -> Piece:
    wrong: list[_Wrong] = [(Operation.READ, 3, StorageFault.DELAYED)]
    return Piece(
        Check.CUT_RECORD,
        _schedule(_log(2, Style.CUT), _round(Commit(0), Notify(0, 0), wrong=wrong), _round(Commit(0), Notify(0, 0))),
        quiet=True,
    )


def _round(
    *actions: Action,
    after: float = 0.0,
    wrong: Sequence[_Wrong] = (),
    failures: dict[int, Failure] | None = None,
) -> Round:
    storage = tuple(StorageTrouble(*each) for each in wrong)
    return Round(after, (None,), actions, failures or {}, storage)


def _log(commits: int, style: Style = Style.BLOCKS) -> Log:
    return Log(_NIC, _HOUR, (_content(commits, style, 1),))


def _content(commits: int, style: Style, number: int) -> Content:
    writer = LogWriter(Random(number), {}, first=number << 16)
    times = (_HOUR + timedelta(minutes=minute) for minute in range(1, 1 + commits))
    return Content(style, tuple((writer.chunk(_NIC, time),) for time in times))


def _schedule(log: Log, *rounds: Round) -> Schedule:
    return Schedule(seed=0, start=START, logs=(log,), rounds=rounds, workers=Workers((100_000,), 1))
