"""A checkpoint as the table has it: with the claim on it, and what listings show.

The checkpoint's own text is split over properties, of which each holds 32 Ki characters, and an entity 512 Ki
("Understanding the Table service data model": 64 KiB and 1 MiB, of UTF-16). What is longer goes into a blob that the
entity names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count, takewhile
from typing import Any, Final

from shared.errors import Unreadable
from shared.flowlog import LogBlob
from shared.storage.checkpoint import FORMAT, Checkpoint, State

_PART: Final = 31_000
"""Characters in one property; some less than fit, since a few of a name may count double."""
_MOST_PARTS: Final = 14
LONGEST: Final = _PART * _MOST_PARTS
"""Characters of the checkpoint's text that an entity holds."""
SUMMARY: Final = ("format", "blob", "commit", "offset", "state", "moved", "overflow")
"""The properties that a summary is made of."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A checkpoint, and who works on its log blob.

    Attributes:
        checkpoint: How far the log is delivered.
        moved: When that last changed.
        holder: Who holds the log, by the id that an invocation made for its claim; "" for nobody.
        until: When the claim ends, in seconds since 1970 by storage's clock; 0 where nobody holds it.
        marked: Whether another invocation came since, so that the holder must look again.
        pointer: The ETag of the pointer that leads sweeps here, as it was before the log was claimed for the first
            time since the checkpoint was last closed.
        overflow: The blob that has the checkpoint's text; "" if the entity has it itself.
        etag: Of this version; "" before it is stored.
    """

    checkpoint: Checkpoint
    moved: datetime
    holder: str = ""
    until: float = 0.0
    marked: bool = False
    pointer: str = ""
    overflow: str = ""
    etag: str = ""

    @property
    def is_closed(self) -> bool:
        return self.checkpoint.state is State.CLOSED


@dataclass(frozen=True, slots=True)
class Summary:
    """What a listing says about a checkpoint.

    Attributes:
        blob: The log blob's name.
        commit: The ETag of the log's commit at which nothing was left; "" while something is.
        offset: Bytes delivered.
        state: Open or closed.
        moved: When the checkpoint last moved.
        overflow: The blob that has its text, or "".
        etag: Of this version.
    """

    blob: str
    commit: str
    offset: int
    state: State
    moved: datetime
    overflow: str
    etag: str


def properties_of(entry: Entry, text: str) -> dict[str, Any]:
    """Return the properties of an entity, without its keys; a replaced entity has no others.

    Args:
        entry: What it says.
        text: The checkpoint in JSON, which is left out where `entry.overflow` names a blob that has it.
    """
    checkpoint = entry.checkpoint
    properties: dict[str, Any] = {
        "format": FORMAT,
        "blob": checkpoint.blob,
        "commit": checkpoint.etag,
        "offset": str(checkpoint.offset),
        "state": checkpoint.state.value,
        "moved": entry.moved.isoformat(),
        "pointer": entry.pointer,
    }
    if entry.holder:
        properties |= {"holder": entry.holder, "until": float(entry.until)}
    if entry.marked:
        properties["marked"] = True
    if entry.overflow:
        return properties | {"overflow": entry.overflow}
    return properties | {f"text{n}": text[n * _PART : (n + 1) * _PART] for n in range(-(-len(text) // _PART))}


def text_in(properties: Mapping[str, Any]) -> str:
    """Return the checkpoint's text as far as the entity itself has it."""
    names = takewhile(properties.__contains__, (f"text{number}" for number in count()))
    return "".join(str(properties[name]) for name in names)


def entry_in(log: LogBlob, properties: Mapping[str, Any], text: str | bytes, etag: str) -> Entry:
    """Return what an entity says.

    Args:
        log: The log blob that it must be about.
        properties: The entity's.
        text: The checkpoint in JSON, from the entity or from the blob that it names.
        etag: The entity's.

    Raises:
        Unreadable: It is of a newer format, or damaged, or about another blob.
    """
    checkpoint = Checkpoint.from_json(text)
    if checkpoint.blob != log.name:
        raise Unreadable(
            f"The checkpoint of {log.name} is about another blob. Delete it to read the log again from the start."
        )
    try:
        return Entry(
            checkpoint,
            moved=_time(properties["moved"]),
            holder=str(properties.get("holder", "")),
            until=float(properties.get("until", 0.0)),
            marked=properties.get("marked") is True,
            pointer=str(properties["pointer"]),
            overflow=str(properties.get("overflow") or ""),  # where it is missing, a listing may say null
            etag=etag,
        )
    except (KeyError, TypeError, ValueError):
        raise Unreadable(
            f"The checkpoint of {log.name} can't be read. Look at it, or delete it to read the log again from the "
            "start."
        ) from None


def summary_in(properties: Mapping[str, Any], etag: str) -> Summary | None:
    """Return what a listed entity says; None if it can't be read, which the worker that reads it will report."""
    try:
        if properties["format"] != FORMAT:
            return None
        return Summary(
            blob=str(properties["blob"]),
            commit=str(properties["commit"]),
            offset=int(properties["offset"]),
            state=State(properties["state"]),
            moved=_time(properties["moved"]),
            overflow=str(properties.get("overflow") or ""),  # where it is missing, a listing may say null
            etag=etag,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _time(text: Any) -> datetime:  # noqa: ANN401 -- as it was stored
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError
    return time
