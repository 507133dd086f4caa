"""Reading of quarantine for commands: several blobs at a time, with no assumptions about an object's content."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import batched
from typing import Any, Final

import orjson

from shared.delivery.quarantine import without_foreign_text
from shared.errors import SluiceError, Vanished
from shared.storage.quarantine import QuarantineContainer, QuarantinedBlob

_AT_ONCE: Final = 8


def blobs(container: QuarantineContainer, day: date | None, key: str = "") -> list[QuarantinedBlob]:
    """Return the blobs of a day, or of all days, whose keys begin with `key`.

    Raises:
        SluiceError: There are none with such a key.
    """
    found = [blob for blob in container.listed(day) if blob.key.startswith(key)]
    if key and not found:
        raise SluiceError(f"There is nothing in quarantine under a key that begins with {key}.")
    return found


def contents(
    container: QuarantineContainer, found: list[QuarantinedBlob]
) -> Iterator[tuple[QuarantinedBlob, list[bytes]]]:
    """Yield each blob with its objects, one per line; blobs that no longer exist are skipped."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for some in batched(found, _AT_ONCE, strict=False):
            for blob, lines in zip(some, pool.map(lambda blob: _lines(container, blob), some), strict=True):
                if lines is not None:
                    yield blob, lines


def read_object(line: bytes) -> dict[str, Any]:
    """Return an object as it may be shown; a damaged one as far as possible."""
    document = _parsed(line)
    if document is not None:
        return without_foreign_text(document)
    return {"unit": "damaged object", "reason": "It is not a JSON object.", "raw": line.decode(errors="replace")}


def exported(line: bytes) -> bytes:
    """Return an object as it is stored, except for what must not be shown of it."""
    stored = _parsed(line)
    shown = None if stored is None else without_foreign_text(stored)
    return line if shown == stored else orjson.dumps(shown)


def text(document: dict[str, Any], name: str) -> str:
    """Return a value of an object as text; "" if it is missing."""
    value = document.get(name)
    return "" if value is None else str(value)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def _lines(container: QuarantineContainer, blob: QuarantinedBlob) -> list[bytes] | None:
    try:
        return container.get(blob.name)
    except Vanished:
        return None
