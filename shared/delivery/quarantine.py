"""Set-aside data, as objects with everything needed to inspect it and to send it again.

One object per line, under a name derived only from the content, so that a repetition writes the same blob again.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from shared.apigw.client import Rejection
from shared.apigw.foreign import plain_words
from shared.delivery.batch import Batch, Origin
from shared.errors import Unsupported
from shared.flowlog import Decoded, Envelope, LogBlob, SetAside, Unit, decode_set_aside

_FORMAT = 1
REFUSED_LINE = "line"
"""The unit of a flow record that the gateway refused; the other units are those of the decoder."""


def without_foreign_text(document: dict[str, Any]) -> dict[str, Any]:
    """Return an object with what may be shown of the gateway's reason: older versions stored it as received."""
    if document.get("unit") != REFUSED_LINE or "reason" not in document:
        return document
    return document | {"reason": plain_words(str(document["reason"]))}


class Quarantine(Protocol):
    """Where set-aside objects go."""

    def put(self, log: LogBlob, key: str, lines: Sequence[bytes]) -> None:
        """Write the objects of one range or batch; writing them again changes nothing.

        Raises:
            RetryLater: The account can't be reached now.
        """


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a log objects come from: the range, and the id of its block ("" where there is none)."""

    origin: Origin
    block: str

    def of_decoder(self, items: Sequence[SetAside]) -> list[bytes]:
        """Return the objects for what the decoder set aside, one per line."""
        return [
            self._line(item.unit.value, item.position, item.reason, item.raw, orjson.loads(orjson.dumps(item.context)))
            for item in items
        ]

    def of_gateway(self, batch: Batch, rejections: Sequence[Rejection]) -> list[bytes]:
        """Return the objects for a batch's lines that the gateway rejected, one per line."""
        where = ".".join(map(str, batch.path))
        # A line that was an entire batch keeps its key, or a replay would store it in addition.
        key = self.origin.key(batch.path) if len(batch.lines) == 1 else None
        return [
            self._line(
                REFUSED_LINE,
                f"batch {where}, line {item.line}",
                item.reason,
                batch.lines[item.line].encode(),
                None,
                key,
            )
            for item in rejections
        ]

    def _line(
        self, unit: str, position: str, reason: str, raw: bytes, context: object, key: str | None = None
    ) -> bytes:
        origin = self.origin
        document: dict[str, object] = {
            "format": _FORMAT,
            "unit": unit,
            "reason": reason,
            "account": origin.account,
            "container": origin.log.kind.container,
            "blob": origin.log.name,
            "generation": origin.generation,
            "block": self.block,
            "range": [origin.start, origin.end],
            "position": position,
            **_written(raw),
            "context": context,
        }
        return orjson.dumps(document if key is None else document | {"key": key})


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An object of quarantine, read back.

    Attributes:
        document: All of it, except for what must not be shown of a gateway's reason.
        unit: What it is; None for a flow record that the gateway refused.
        raw: The bytes as written.
        context: The envelope of a tuple.
        key: The idempotency key of its records, in a separate post; None if they are sent with others.
        tries: How often the gateway rejected it when it was sent again.
    """

    document: dict[str, Any]
    unit: Unit | None
    raw: bytes
    context: Envelope | None
    key: str | None
    tries: int

    @classmethod
    def from_json(cls, line: bytes) -> "Quarantined":
        """Return the object of a stored line.

        Raises:
            Unsupported: It is of a newer format, or damaged. It must be kept as it is.
        """
        try:
            document = orjson.loads(line)
            if document["format"] != _FORMAT:
                raise Unsupported(
                    f"A quarantined object has format {document['format']!r}; this version knows {_FORMAT}."
                )
            refused = document["unit"] == REFUSED_LINE
            raw = document["raw"].encode() if "raw" in document else base64.b64decode(document["raw_base64"])
            context = None if document["context"] is None else Envelope.from_json(document["context"])
            unit = None if refused else Unit(document["unit"])
            key, tries = document.get("key"), document.get("tries", 0)
            return cls(without_foreign_text(document), unit, raw, context, key, tries)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Unsupported("A quarantined object can't be read.") from None

    def decoded(self) -> Decoded:
        """Decode it again: it may yield flow records now."""
        if self.unit is None:
            return Decoded(lines=[self.raw.decode()])
        return decode_set_aside(self.unit, self.raw, self.context)

    def with_key(self, key: str) -> bytes:
        """Return it as an object whose records are sent in a separate post."""
        return orjson.dumps(self.document | {"key": key})

    def left(self, items: Sequence[SetAside]) -> list[bytes]:
        """Return the objects for the part that could not be decoded, if the rest could."""
        return [
            self._part(item.unit.value, item.reason, item.position, item.raw, orjson.loads(orjson.dumps(item.context)))
            for item in items
        ]

    def refused(self, number: int, line: str, reason: str, **more: object) -> bytes:
        """Return the object of one of its flow records, given by number, that the gateway rejected."""
        if self.unit is None:
            return orjson.dumps(self.document | {"reason": reason} | more)
        return self._part(REFUSED_LINE, reason, f"record {number}", line.encode(), None, **more)

    def _part(self, unit: str, reason: str, where: str, raw: bytes, context: object, **more: object) -> bytes:
        place = {name: value for name, value in self.document.items() if name not in _OF_CONTENT}
        position = f"{self.document['position']}, {where}"
        described = {"unit": unit, "reason": reason, "position": position, **_written(raw), "context": context}
        return orjson.dumps(place | described | more)


_OF_CONTENT = frozenset({"raw", "raw_base64", "context", "key", "tries"})


def _written(raw: bytes) -> dict[str, str]:
    try:
        return {"raw": raw.decode()}
    except UnicodeDecodeError:
        return {"raw_base64": base64.b64encode(raw).decode()}
