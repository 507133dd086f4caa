"""Runs a program that dies with the one that started it, even when that one is killed.

The kernel sends the signal when the starting *thread* ends (prctl(2), PR_SET_PDEATHSIG), so start such programs from
a thread that lives as long as they should.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def leashed(command: Sequence[str]) -> list[str]:
    """Return the command line that runs `command`, under the same process id, on a leash held by this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def _main() -> None:
    holder = int(sys.argv[1])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == holder:  # else it died before the leash was on
        os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    _main()
