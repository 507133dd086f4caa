"""Runs the module's program again and again: each run is a fork of a Python that has imported what the program takes
from the standard library, which is most of what starting it anew would take.

Reads a run in JSON from each line of its input, and writes its exit status.
"""

import concurrent.futures  # noqa: F401
import gc
import http.client  # noqa: F401
import json
import os
import runpy
import signal
import ssl  # noqa: F401
import subprocess  # noqa: F401
import sys
import tempfile  # noqa: F401
import zipfile  # noqa: F401

_SECONDS = 60


def carry_out(words: list[str], folder: str, environment: dict[str, str], output: str) -> None:
    """Become `python WORDS...`, with nobody to answer."""
    signal.alarm(_SECONDS)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")


def main() -> None:
    """Serve until the input ends."""
    gc.freeze()  # no run looks through it
    for line in sys.stdin:
        process = os.fork()
        if not process:
            carry_out(**json.loads(line))
            return
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}\n")
        sys.stdout.flush()


main()
