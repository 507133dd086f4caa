"""Output of commands: results on stdout, everything else on stderr, and exit codes that scripts can rely on."""

import sys
from enum import IntEnum

import orjson

from shared.errors import SluiceError


class Exit(IntEnum):
    """The exit codes of every command.

    FINE: done, and nothing needs attention.
    ATTENTION: done, and something needs attention; the output says what.
    FAILED: could not be done.
    """

    FINE = 0
    ATTENTION = 1
    FAILED = 2


def show(line: str) -> None:
    """Print a line of the result on stdout."""
    sys.stdout.write(f"{printable(line)}\n")


def say(sentence: str) -> None:
    """Print a sentence for the operator on stderr."""
    sys.stderr.write(f"{printable(sentence)}\n")


def print_json(document: object) -> None:
    """Print a JSON document on stdout."""
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def agreed(question: str) -> bool:
    """Ask a question on the terminal; return whether the answer is yes.

    Raises:
        SluiceError: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise SluiceError("There is no terminal to ask for confirmation. Use --yes to skip the question.")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def printable(text: str) -> str:
    """Return text that can't control a terminal: control characters in names and reasons are escaped."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
