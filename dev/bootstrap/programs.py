"""Running other programs, and reporting to the person who waits for them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PROBE_SECONDS = 30


class SetupError(Exception):
    """Why the setup can't continue, in a sentence for the person who started it."""


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def output_of(command: Sequence[str]) -> str | None:
    """Return what a program prints, or None if it isn't there, fails or hangs."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            check=True,
            text=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def run(
    command: Sequence[str], failure: str, *, directory: Path | None = None, environment: Mapping[str, str] | None = None
) -> None:
    """Run a program whose messages the person shall see. Raises SetupError with `failure` if it fails."""
    try:
        subprocess.run(
            command, cwd=directory, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupError(failure) from error
