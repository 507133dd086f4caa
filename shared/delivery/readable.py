"""Blobs that are certainly not the text of a log, such as compressed ones, which are refused before they are read.

Read record by record, their bytes would fill the quarantine.
"""

from collections.abc import Callable

from shared.errors import Unsupported
from shared.flowlog import what_else

_BEGINNING = 512


def check_readable(name: str, size: int, fetch: Callable[[int, int], bytes]) -> None:
    """Check the beginning of a blob of `size` bytes that is to be read record by record.

    Raises:
        Unsupported: It is compressed, or is text in another encoding than a log's.
    """
    beginning = fetch(0, min(_BEGINNING, size))
    # Zeros may stand before a log in a blob that was laid out before it was written.
    other = what_else(beginning) if beginning.strip(b"\x00") else ""
    if other:
        raise Unsupported(f"{name} can't be read. {other} Then replay its hour.")
