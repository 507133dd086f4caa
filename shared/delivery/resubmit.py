"""Sending what is in quarantine again; what the gateway accepts is removed from it, and nothing else.

A quarantined blob says how it is to be sent. Its objects are decoded again, and their records go together in one post,
or where an object has a key of its own, in a post under that key; either way the key follows from what the blob holds,
so that a repetition, after any interruption, duplicates nothing. Only when every post of a round is answered is the
blob rewritten, with what is left. What the gateway refuses whole it is sent object by object in a second round and
record by record in a third, once the blob says so.

Two cases can store records twice. The gateway accepted a post, an interruption kept that from being noted, and now it
refuses the same post whole, so that its records go one by one. Or it refused a post whole, accepted its records one by
one, accepts such a post now, and a replay has put the same blob back into quarantine.
"""

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import orjson

from shared.apigw.client import Receipt
from shared.clock import Clock, Deadline
from shared.delivery.batch import Batch
from shared.delivery.breaker import Refusals
from shared.delivery.collaborators import Gateway
from shared.delivery.patience import Patience
from shared.delivery.quarantine import Quarantined
from shared.errors import Malformed, Overtaken, SluiceError, TooLarge, Unsupported, Vanished
from shared.flowlog import Decoded

_TOGETHER = 1000
_ROUNDS = 3
_AT_ONCE = 4
_BUDGET_SECONDS = 240.0


class Store(Protocol):
    """Quarantined blobs; see `shared.storage.quarantine` for errors."""

    def read(self, name: str) -> tuple[list[bytes], str]: ...

    def replace(self, name: str, lines: Sequence[bytes], etag: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Outlook:
    """What sending a blob again would do.

    Attributes:
        objects: How many it holds.
        records: Flow records that they now yield.
        unreadable: Objects that yield none, and stay.
    """

    objects: int
    records: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class Resubmitted:
    """What sending a blob again did.

    Attributes:
        name: The blob's name.
        accepted: Flow records that the gateway accepted, now or before.
        left: Objects that stay in quarantine, None where that is not known.
        trouble: What kept it from being finished; None if nothing did.
    """

    name: str
    accepted: int
    left: int | None
    trouble: SluiceError | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    # An object that now yields flow records, and its line as stored.
    line: bytes
    item: Quarantined
    decoded: Decoded


@dataclass(frozen=True, slots=True)
class _Post:
    # Entries that go together, by their numbers in the blob, and the key that they go under.
    key: str
    entries: Mapping[int, _Entry]
    alone: bool

    @property
    def records(self) -> list[tuple[int, int, str]]:
        """Each record with the number of its entry, and its own number within that."""
        return [
            (number, index, line)
            for number, entry in self.entries.items()
            for index, line in enumerate(entry.decoded.lines)
        ]


@dataclass(frozen=True, slots=True)
class _Round:
    accepted: int
    left: int
    unfinished: bool


class Resubmission:
    """Sends quarantined blobs again; safe to share between threads."""

    def __init__(self, store: Store, gateway: Gateway, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._refusals = Refusals()

    def look(self, name: str) -> Outlook:
        """Return what sending a blob again would do; nothing is sent.

        Raises:
            StorageAway: The account can't be reached now.
            Vanished: There is no such blob.
        """
        lines, _ = self._store.read(name)
        entries = _sendable(lines).values()
        return Outlook(len(lines), sum(len(entry.decoded.lines) for entry in entries), len(lines) - len(entries))

    def run(self, names: Sequence[str], stop: threading.Event) -> Iterator[Resubmitted]:
        """Send blobs again, several at a time; yield a result for each one begun. Once `stop` is set none is begun.

        It is also set here when the gateway or the storage account fails.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for result in pool.map(lambda name: None if stop.is_set() else self._one(name), names):
                if result is not None:
                    if result.trouble is not None and not isinstance(result.trouble, (Overtaken, Vanished)):
                        stop.set()
                    yield result

    def _one(self, name: str) -> Resubmitted:
        patience = Patience(self._clock, Deadline(self._clock, _BUDGET_SECONDS))
        accepted = left = 0
        try:
            for number in range(_ROUNDS):
                done = self._round(name, patience, only_alone=number > 0)
                accepted, left = accepted + done.accepted, done.left
                if not done.unfinished:
                    break
        except SluiceError as trouble:
            return Resubmitted(name, accepted, None, trouble)
        return Resubmitted(name, accepted, left)

    def _round(self, name: str, patience: Patience, *, only_alone: bool) -> _Round:
        lines, etag = self._store.read(name)
        kept = [[line] for line in lines]
        accepted, unfinished = 0, False
        posts = [post for post in _posts(name, _sendable(lines)) if post.alone or not only_alone]
        for post in posts:
            try:
                receipt = self._post(post, patience)
            except (TooLarge, Malformed) as refusal:
                unfinished |= _take_apart(post, kept, str(refusal))
            else:
                accepted += receipt.accepted
                _keep_rejected(post, kept, receipt)
                # What the gateway rejected before, and only repeats from memory, is worth another attempt at once.
                unfinished |= post.alone and receipt.duplicate and bool(receipt.rejected)
        if posts:
            self._store.replace(name, [line for each in kept for line in each], etag)
        return _Round(accepted, sum(map(len, kept)), unfinished)

    def _post(self, post: _Post, patience: Patience) -> Receipt:
        batch = Batch((0,), [line for _, _, line in post.records])
        body = batch.body()
        try:
            receipt = patience.insist(lambda: self._gateway.post_flow_logs(body, len(batch.lines), post.key))
        except (TooLarge, Malformed):
            # Posts of several records don't count: the next is sent before this one is taken apart.
            if len(batch.lines) == 1:
                self._refusals.refused(batch)
            raise
        if receipt.accepted:
            self._refusals.accepted()
        return receipt


def _sendable(lines: Sequence[bytes]) -> dict[int, _Entry]:
    entries = {}
    for number, line in enumerate(lines):
        with contextlib.suppress(Unsupported):
            item = Quarantined.from_json(line)
            decoded = item.decoded()
            if decoded.lines:
                entries[number] = _Entry(line, item, decoded)
    return entries


def _posts(name: str, entries: Mapping[int, _Entry]) -> Iterator[_Post]:
    together: dict[int, _Entry] = {}
    records = 0
    for number, entry in entries.items():
        item = entry.item
        if item.key is not None:
            yield _Post(_digest(item.key, item.tries) if item.tries else item.key, {number: entry}, alone=True)
            continue
        if together and records + len(entry.decoded.lines) > _TOGETHER:
            yield _together(name, together)
            together, records = {}, 0
        together[number] = entry
        records += len(entry.decoded.lines)
    if together:
        yield _together(name, together)


def _together(name: str, entries: Mapping[int, _Entry]) -> _Post:
    return _Post(_digest(name, [entry.line.decode() for entry in entries.values()]), dict(entries), alone=False)


def _keep_rejected(post: _Post, kept: list[list[bytes]], receipt: Receipt) -> None:
    for number, entry in post.entries.items():
        kept[number] = entry.item.left(entry.decoded.set_aside)
    records = post.records
    for rejection in receipt.rejected:
        number, index, line = records[rejection.line]
        item = post.entries[number].item
        # Under the same key the gateway would give the same answer again, so a later try needs another one.
        kept[number].append(item.refused(index, line, rejection.reason, tries=item.tries + 1))


def _take_apart(post: _Post, kept: list[list[bytes]], reason: str) -> bool:
    """Note how what is in a post that was refused whole is to be sent; return whether there is anything to send."""
    if not post.alone:
        for number, entry in post.entries.items():
            kept[number] = [entry.item.with_key(_digest(post.key, number))]
        return True
    ((number, entry),) = post.entries.items()
    single = len(entry.decoded.lines) == 1
    kept[number] = [
        entry.item.refused(index, line, reason, key=post.key if single else _digest(post.key, index), tries=0)
        for index, line in enumerate(entry.decoded.lines)
    ] + entry.item.left(entry.decoded.set_aside)
    return not single


def _digest(*identity: object) -> str:
    return hashlib.sha256(orjson.dumps(identity)).hexdigest()
