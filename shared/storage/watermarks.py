"""The watermark of one log container: from which hour the sweep looks, stored beside the checkpoints."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from azure.data.tables import TableClient

from shared.errors import ContainerMissing, HeldElsewhere, Outdated, Unreadable
from shared.flowlog import LogKind
from shared.storage.keys import Key
from shared.storage.tables import etag_of, insert, stored, update

_FORMAT: Final = 1
_TEXT: Final = "watermark"


@dataclass(frozen=True, slots=True)
class StoppedAt:
    """Where a sweep stopped: after the log blob of this name, among those that it lists from this hour on."""

    hour: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far back the sweep must look.

    Attributes:
        start: The hour of installation.
        since: The oldest hour that was read when the sweeps began to look; START_FROM can move it either way.
        hour: Every hour from `since` up to it was found complete.
        tidied: When old checkpoints were last removed.
        existed: Whether the log container ever existed. One of the two kinds usually never does, which is not a fault.
        stopped: Where the last sweep ran out of time; None if it finished.
    """

    start: datetime
    since: datetime
    hour: datetime
    tidied: datetime
    existed: bool = False
    stopped: StoppedAt | None = None

    def lost(self, missing: ContainerMissing) -> str:
        """Return a sentence that the log container is gone and what follows; "" if it never existed."""
        return f"{missing} It used to have one, so everything waits until it is back." if self.existed else ""


class Watermarks:
    """The watermarks of one flow-log account, in the function's own."""

    def __init__(self, table: TableClient, account: str, log_account: str) -> None:
        self._table = table
        self._account = account
        self._log_account = log_account

    def load(self, kind: LogKind) -> tuple[Watermark, str] | None:
        """Return the watermark and its ETag, None before the first run.

        Raises:
            StorageAway: The account can't be asked now, or has no table.
            Unreadable: It is of a newer format, or damaged.
        """
        found = stored(self._table, self._account, self._key(kind))
        return None if found is None else (_from_json(found.get(_TEXT)), etag_of(found.metadata))

    def create(self, kind: LogKind, watermark: Watermark) -> None:
        """Write the first watermark, unless another worker did so before."""
        with contextlib.suppress(Outdated):
            insert(self._table, self._account, self._key(kind), {_TEXT: _to_json(watermark)})

    def save(self, kind: LogKind, watermark: Watermark, etag: str) -> str:
        """Overwrite the watermark last seen; return the new ETag.

        Raises:
            HeldElsewhere: Another sweep wrote it meanwhile.
            StorageAway: The account can't be asked now.
        """
        text = _to_json(watermark)
        try:
            return update(self._table, self._account, self._key(kind), {_TEXT: text}, etag)
        except Outdated:
            # The library repeats a write whose answer was lost, and the repetition finds what the first one wrote.
            found = stored(self._table, self._account, self._key(kind))
            if found is None or found.get(_TEXT) != text:
                raise HeldElsewhere("Another sweep is running.") from None
            return etag_of(found.metadata)

    def _key(self, kind: LogKind) -> Key:
        return Key(f"watermarks-{self._log_account}", kind.name.lower())


def _to_json(watermark: Watermark) -> str:
    document = {"format": _FORMAT, **{name: getattr(watermark, name) for name in Watermark.__slots__}}
    return orjson.dumps(document).decode()


def _from_json(text: Any) -> Watermark:  # noqa: ANN401 -- as it was stored
    try:
        document = orjson.loads(text)
        if document["format"] != _FORMAT:
            raise Unreadable("A watermark has a newer format than this version knows. Run the newer Sluice.")
        return Watermark(
            **{name: _time(document[name]) for name in ("start", "since", "hour", "tidied")},
            existed=document.get("existed") is True,
            stopped=_stopped_at(document.get("stopped")),
        )
    except (ValueError, KeyError, TypeError):
        raise Unreadable("A watermark can't be read. Look at it, or delete it to start from this hour.") from None


def _stopped_at(document: Any) -> StoppedAt | None:  # noqa: ANN401 -- JSON
    return None if document is None else StoppedAt(_time(document["hour"]), str(document["name"]))


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError
    return time
