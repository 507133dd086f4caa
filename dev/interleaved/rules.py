"""The rules of the protocol, and delivery's code without each of them.

They are taken out by patching what production code calls: nothing in that knows of it. `docs/claims.md` says what each
of them is for; those about times and about what a checkpoint says are shown nowhere else. Of the model's, some are not
here, since the code would survive without them: a log that looks rewritten is read under If-Match before that is saved,
which an old list does not outlive (known-before-list, list-anew); a sweep lists the log whatever the checkpoint says
(closed-ends-claim); posts end long before their claim can be taken over (takeover-margin); and pointer-anew and
pointer-if-match take four things to happen within seconds, which chance does not bring about.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

from dev.interleaved.estate import START, Estate, Holder
from dev.interleaved.loom import Pool, current_task
from dev.interleaved.process import Clock, _Pointers
from shared.apigw.client import LONGEST_SECONDS
from shared.delivery.claim import Claim, claim_end
from shared.delivery.claims import ChangedError, Claims
from shared.delivery.report import Outcome
from shared.delivery.transfer import Transfer
from shared.delivery.visit import Visit
from shared.delivery.visitor import Visitor
from shared.errors import SluiceError
from shared.flowlog import LogBlob
from shared.storage.checkpoint import Checkpoint, State
from shared.storage.entry import Entry
from shared.storage.storage_clock import StorageClock


class Rule(Enum):
    """A rule; the value is what it says."""

    CLAIM_IF_MATCH = "a claim carries the version that was known"
    MARK_IF_MATCH = "a mark carries the version that was known"
    FINISH_IF_MATCH = "saves and finishes carry the version last known"
    ID_PER_INVOCATION = "an id belongs to one invocation, not to a process"
    OWN_ID = "a refused claim that finds its own id was its own"
    FINISH_AGAIN = "a refused finish that finds its own id is made again"
    SAVE_AGAIN = "a refused save that finds its own id is made again"
    MARK_REFUSED_READS = "a refused mark reads the checkpoint again"
    FINISH_KEEPS_MARK = "a finish that a mark refused is not made again before another list"
    MARKS = "a mark is written also over a mark, and taken off by a write before the list"
    FINISH_REPLACES = "a finish replaces the entity"
    CHECK_BEFORE_POST = "the claim's end is looked at before every post"
    PROLONG = "a pass prolongs its claim"
    ATTEMPT_ENDS_FIRST = "an attempt ends 15 s before the claim does"
    HALVED_FIRST = "that a batch is halved is saved before a half is posted"
    NEVER_LESS = "what a write tried to say, every later one says"
    STORAGE_CLOCK = "claims end by storage's clock"
    CLOCK_RUNS_ASLEEP = "the clock that measures runs while the process sleeps"
    WIRE_FIRST = "a claim is given up when none of its posts is under way any more"
    POINTER_ALWAYS = "a checkpoint has its pointer before it is made or opened again"
    POINTER_THEN_LIST = "a sweep lists the log after it read the pointer, also of a closed checkpoint"


@dataclass(frozen=True, slots=True)
class Without:
    """How a rule is taken out, and in which kind of schedule (`faults.MIXES`) that shows."""

    mix: str
    patches: Callable[[], list[Any]]


@contextlib.contextmanager
def taken_out(rule: Rule) -> Iterator[None]:
    """Let this process deliver without a rule for as long as the block lasts."""
    with contextlib.ExitStack() as stack:
        for patch in WITHOUT[rule].patches():
            stack.enter_context(patch)
        yield


_seen: Final = threading.local()
"""What a visit without a rule keeps; a visit has a thread of its own."""


def _replacing(change: Callable[[Entry, Entry, str], tuple[Entry, str]]) -> list[Any]:
    # A replacement with another entry, or of another version than the one that is named.
    replacing = Estate.replace

    def without(self: Estate, log: LogBlob, entry: Entry, etag: str, by: Holder) -> Entry:
        before = self.entries.get(log)
        if before is not None:
            entry, etag = change(before, entry, etag)
        return replacing(self, log, entry, etag, by)

    return [mock.patch.object(Estate, "replace", without)]


def _is_claim(before: Entry, after: Entry) -> bool:
    return bool(after.holder) and after.holder != before.holder


def _mark_anyhow() -> list[Any]:
    marking = Estate.mark
    return [mock.patch.object(Estate, "mark", lambda self, log, _etag: marking(self, log, "*"))]


def _one_id() -> list[Any]:
    def uuid4() -> object:
        task = current_task()
        return SimpleNamespace(hex="" if task is None else f"{id(task.fate):x}")

    return [mock.patch("shared.delivery.claims.uuid", SimpleNamespace(uuid4=uuid4))]


def _not_its_own() -> list[Any]:
    claiming = Claims.claim

    def without(self: Claims, *given: Any) -> Any:  # noqa: ANN401 -- as they come
        claim, is_anew = claiming(self, *given)
        if not is_anew:
            raise ChangedError(claim._entry)  # noqa: SLF001 -- what is taken out
        return claim, is_anew

    return [mock.patch.object(Claims, "claim", without)]


def _finished_once() -> list[Any]:
    def without(self: Claim, checkpoint: Checkpoint, *, last: bool = False) -> bool:
        self.checkpoint = checkpoint
        if self.marked and not last:
            return False
        self._write(_free(self), checkpoint)
        self._is_over = True
        return True

    return [mock.patch.object(Claim, "finish", without)]


def _free(claim: Claim) -> Entry:
    return replace(claim._entry, holder="", until=0.0, marked=False)  # noqa: SLF001 -- what is taken out


def _saved_once() -> list[Any]:
    def without(self: Claim, checkpoint: Checkpoint) -> None:
        self.checkpoint = replace(checkpoint, state=State.OPEN)
        until = claim_end(self._storage_clock)
        self._write(replace(self._entry, until=until, marked=self.marked), self.checkpoint)

    return [mock.patch.object(Claim, "save", without)]


def _refused_marks_leave() -> list[Any]:
    marking = Claims.mark

    def without(self: Claims, log: LogBlob, known: Entry) -> None:
        with contextlib.suppress(ChangedError):
            marking(self, log, known)

    return [mock.patch.object(Claims, "mark", without)]


def _marks_not_followed() -> list[Any]:
    def without(self: Claim, checkpoint: Checkpoint, *, last: bool = False) -> bool:
        del last
        self.checkpoint = checkpoint
        while not self._write(_free(self), checkpoint):
            pass
        self._is_over = True
        return True

    return [mock.patch.object(Claim, "finish", without)]


def _marks_once() -> list[Any]:
    marking = Claims.mark

    def mark(self: Claims, log: LogBlob, known: Entry) -> None:
        if not known.marked:
            marking(self, log, known)

    def take_mark_off(self: Claim) -> None:
        self.marked = False

    return [mock.patch.object(Claims, "mark", mark), mock.patch.object(Claim, "take_mark_off", take_mark_off)]


def _merged(before: Entry, after: Entry, etag: str) -> tuple[Entry, str]:
    if before.holder and not after.holder:
        return replace(after, holder=before.holder, until=before.until, marked=before.marked), etag
    return after, etag


def _says_less() -> list[Any]:
    def without(self: Claim) -> None:
        with contextlib.suppress(SluiceError):
            if not self._is_over:
                self.finish(replace(self._entry.checkpoint, etag="", state=State.OPEN), last=True)

    return [mock.patch.object(Claim, "abandon", without)]


def _own_time(self: StorageClock) -> float:
    return START.timestamp() + self._clock.monotonic()


def _stands_still_asleep() -> list[Any]:
    measuring = Clock.monotonic
    return [mock.patch.object(Clock, "monotonic", lambda self: measuring(self) - self.process.slept)]


def _unlisted() -> list[Any]:
    visiting = Visitor.visit

    def without(self: Visitor, which: Visit) -> Outcome:
        entry = self.claims.read(which.log) if which.pointer is not None else None
        if which.pointer is not None and entry is not None and entry.is_closed:
            self.claims.remove_pointer(which.log, which.pointer.etag)
            return Outcome.NOTHING_NEW
        return visiting(self, which)

    return [mock.patch.object(Visitor, "visit", without)]


def _attempts_last() -> list[Any]:
    asking = Claim.attempt_seconds

    def without(self: Claim) -> float:
        return max(asking(self), LONGEST_SECONDS)

    return [mock.patch.object(Claim, "attempt_seconds", without)]


def _not_prolonged() -> list[Any]:
    # What is saved on the way prolongs the claim, too.
    return [
        mock.patch.object(Claim, "keep", return_value=None),
        mock.patch.object(Transfer, "_save_is_due", return_value=False),
    ]


def _with(owner: object, name: str, value: object) -> Callable[[], list[Any]]:
    return lambda: [mock.patch.object(owner, name, value)]


WITHOUT: Final = {
    Rule.CLAIM_IF_MATCH: Without(
        "calm", lambda: _replacing(lambda old, new, e: (new, "*" if _is_claim(old, new) else e))
    ),
    Rule.MARK_IF_MATCH: Without("calm", _mark_anyhow),
    Rule.FINISH_IF_MATCH: Without(
        "sleepers", lambda: _replacing(lambda old, new, etag: (new, etag if _is_claim(old, new) else "*"))
    ),
    Rule.ID_PER_INVOCATION: Without("sleepers", _one_id),
    Rule.OWN_ID: Without("lost answers", _not_its_own),
    Rule.FINISH_AGAIN: Without("calm", _finished_once),
    Rule.SAVE_AGAIN: Without("halving", _saved_once),
    Rule.MARK_REFUSED_READS: Without("calm", _refused_marks_leave),
    Rule.FINISH_KEEPS_MARK: Without("calm", _marks_not_followed),
    Rule.MARKS: Without("calm", _marks_once),
    Rule.FINISH_REPLACES: Without("kills", lambda: _replacing(_merged)),
    Rule.CHECK_BEFORE_POST: Without("sleepers", _with(Claim, "attempt_seconds", lambda _self: 45.0)),
    Rule.PROLONG: Without("leisurely", _not_prolonged),
    Rule.ATTEMPT_ENDS_FIRST: Without("cut off", _attempts_last),
    Rule.HALVED_FIRST: Without("kills", _with(Transfer, "_save", lambda _self: None)),
    Rule.NEVER_LESS: Without("storage", _says_less),
    Rule.STORAGE_CLOCK: Without(
        "sleepers",
        lambda: [mock.patch.object(StorageClock, name, property(_own_time)) for name in ("earliest", "latest")],
    ),
    Rule.CLOCK_RUNS_ASLEEP: Without("sleepers", _stands_still_asleep),
    Rule.WIRE_FIRST: Without("all", _with(Pool, "shutdown", lambda _self: None)),
    Rule.POINTER_ALWAYS: Without("belated", _with(_Pointers, "write", lambda _self, _log: "")),
    Rule.POINTER_THEN_LIST: Without("belated", _unlisted),
}
"""Each rule's absence."""
