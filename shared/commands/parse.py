"""`sluice parse`: the flow records of log files, decoded as the function app decodes them."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from shared.commands.output import Exit, say
from shared.errors import SluiceError
from shared.flowlog import Decoded, RecordScanner, decode, is_apart, last_start

_CHUNK_BYTES: Final = 1024 * 1024
_LONGEST_RECORD: Final = 16 * _CHUNK_BYTES
_RAW_SHOWN: Final = 1000
_DESCRIPTION: Final = """\
Print the flow records of PT1H.json files on stdout, one JSON object per line, as they would be sent to the gateway.
What can't be read is set aside: stderr gets one JSON object for each such tuple, record or range of bytes, with its
`reason`, the `range` of bytes that it was found in, its `position` in that range, and its content (`raw`, truncated
after 1000 bytes). Files may be of any size. Nothing is sent anywhere, and no settings are needed.
"""
_EPILOG: Final = """\
exit codes:
  0  everything was read
  1  something was set aside
  2  a file could not be opened or read

example:
  sluice parse PT1H.json 2> aside.jsonl | head
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("files", nargs="+", metavar="FILE", help="a flow log; - is standard input")


def run(options: argparse.Namespace) -> int:
    """Print every file, even after one that can't be read."""
    return max([_print_file(name) for name in options.files])


def decoded_ranges(stream: BinaryIO) -> Iterator[tuple[int, int, Decoded]]:
    """Decode a log of any size in ranges of about 1 MiB that end with a complete record; yield each with its bounds.

    If no record ends within 16 MiB because one is damaged, a range ends before the last record that begins in it, or at
    that length if none does.
    """
    scanner = RecordScanner()
    begin, held = 0, b""
    while chunk := stream.read(_CHUNK_BYTES):
        held += chunk
        ends = (
            span.end for span in reversed(scanner.feed(chunk)) if is_apart(held[span.start - begin : span.end - begin])
        )
        end = next(ends, begin)
        if begin + len(held) - end > _LONGEST_RECORD:
            end = begin + (last_start(held) or len(held))
            scanner = RecordScanner(end)
            scanner.feed(held[end - begin :])
        if end > begin:
            yield begin, end, decode(held[: end - begin])
            begin, held = end, held[end - begin :]
    if held:
        yield begin, begin + len(held), decode(held)


def _print_file(name: str) -> Exit:
    aside = 0
    try:
        for start, end, decoded in _read(name):
            sys.stdout.buffer.writelines(line.encode() + b"\n" for line in decoded.lines)
            for item in decoded.set_aside:
                document = {
                    "file": name,
                    "unit": item.unit.value,
                    "reason": item.reason,
                    "range": [start, end],
                    "position": item.position,
                    "raw": item.raw[:_RAW_SHOWN].decode(errors="replace"),
                }
                sys.stderr.buffer.write(orjson.dumps(document) + b"\n")
            aside += len(decoded.set_aside)
        sys.stdout.buffer.flush()
    except SluiceError as trouble:
        say(str(trouble))
        return Exit.FAILED
    return Exit.ATTENTION if aside else Exit.FINE


def _read(name: str) -> Iterator[tuple[int, int, Decoded]]:
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as stream:
            yield from decoded_ranges(stream)
    except OSError as error:
        raise SluiceError(f"{name} can't be read: {error.strerror or type(error).__name__}.") from None
