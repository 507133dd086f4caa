"""Bytes that are not the text of a log: what they are instead, in a sentence for an operator."""

from typing import Final

from shared.flowlog.framing import OUTSIDE

_PACKED: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "Zstandard", b"PK\x03\x04": "zip", b"BZh": "bzip2"}
_MARKS: Final = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""Byte order marks of other encodings than a log's, the longer ones first."""
_SHORTEST: Final = 8
"""With fewer bytes and no mark, the encoding can't be determined."""
_MOST: Final = 0.9
"""At least this share of every second byte is zero where ASCII letters take two bytes or four."""


def what_else(data: bytes) -> str:
    """Return a sentence that says what bytes are if they are certainly not the text of a log; "" otherwise."""
    if b"\x00" in data and not data.strip(b"\x00" + OUTSIDE):
        return "These bytes are zeros: this part of the blob was padded, or never written."
    start = data.lstrip(OUTSIDE)
    packed = next((name for mark, name in _PACKED.items() if start.startswith(mark)), None)
    if packed is not None:
        return f"These bytes are compressed ({packed}), and a log is plain text: decompress the blob."
    encoding = _encoding(start)
    if encoding is not None:
        return f"These bytes are text in {encoding}, and a log is text in UTF-8: convert the blob."
    return ""


def _encoding(data: bytes) -> str | None:
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            return name
    if len(data) < _SHORTEST:
        return None
    least, most = sorted(half.count(0) / len(half) for half in (data[::2], data[1::2]))
    if most < _MOST:
        return None
    return "UTF-16" if least < 1 - _MOST else "UTF-32"
