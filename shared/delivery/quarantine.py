"""What is set aside, as objects that say everything needed to look at it and to send it again.

One object a line, under a name that follows from the content alone, so that a repetition writes the same blob again.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from shared.apigw.client import Rejection
from shared.delivery.batch import Origin, Part
from shared.flowlog import LogBlob, SetAside

_FORMAT = 1
REFUSED_LINE = "line"
"""The unit of a flow record that the gateway refused; the other units are those of the decoder."""


class Quarantine(Protocol):
    """Where set-aside objects go."""

    def put(self, log: LogBlob, key: str, lines: Sequence[bytes]) -> None:
        """Write the objects of one range or batch; a second time changes nothing.

        Raises:
            RetryLater: the account can't be reached now.
        """


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a log the objects come from: the range, and the id of its block ("" where there is none)."""

    origin: Origin
    block: str

    def of_decoder(self, items: Sequence[SetAside]) -> list[bytes]:
        """Describe what the decoder set aside."""
        return [
            self._line(item.unit.value, item.position, item.reason, item.raw, orjson.loads(orjson.dumps(item.context)))
            for item in items
        ]

    def of_gateway(self, part: Part, rejections: Sequence[Rejection]) -> list[bytes]:
        """Describe the lines of a part that the gateway did not take."""
        where = ".".join(map(str, part.path))
        return [
            self._line(
                REFUSED_LINE, f"part {where}, line {item.line}", item.reason, part.lines[item.line].encode(), None
            )
            for item in rejections
        ]

    def _line(self, unit: str, position: str, reason: str, raw: bytes, context: object) -> bytes:
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
        }
        try:
            document["raw"] = raw.decode()
        except UnicodeDecodeError:
            document["raw_base64"] = base64.b64encode(raw).decode()
        return orjson.dumps(document | {"context": context})
