"""What a command says, how it fails, and how long it waits."""

from __future__ import annotations

import os
import sys
import time

_LONGEST_PAUSE = 10
_SHOWN = 600


class Failed(Exception):
    """A command can't do its work: a sentence for the user of terraform that says what to do."""


def say(text: str) -> None:
    """Print a sentence for the user of terraform, which shows it if the command fails."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def setting(name: str) -> str:
    """Return an environment variable that Terraform sets. Raises Failed."""
    value = os.environ.get(name, "")
    if not value:
        raise Failed(f"The environment variable {name} is not set. Terraform runs this command and sets it.")
    return value


def on_one_line(text: str) -> str:
    """Return what a program or server says about a failure, shortened, without anything that controls a terminal."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= _SHOWN else words[:_SHOWN] + "..."


class Patience:
    """Time to wait that begins now: so many seconds, unless SLUICE_PATIENCE says otherwise."""

    def __init__(self, seconds: int) -> None:
        given = os.environ.get("SLUICE_PATIENCE", "")
        if given and not (given.isascii() and given.isdigit()):
            raise Failed(f"SLUICE_PATIENCE must be a number of seconds, such as 1800, not {on_one_line(given)}.")
        self._end = time.monotonic() + (int(given) if given else seconds)
        self._pause = 0

    def wait(self) -> bool:
        """Wait, longer each time and at first not at all; return whether there is any time left."""
        if time.monotonic() >= self._end:
            return False
        time.sleep(self._pause)
        self._pause = min(self._pause * 2 + 1, _LONGEST_PAUSE)
        return True
