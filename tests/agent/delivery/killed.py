"""A process that fills a spool, and is killed in the middle: `python -m tests.agent.delivery.killed DIRECTORY STEP`.

It says what it added, and what it took out, after each. At the step it is to die at, it dies by a real SIGKILL.
"""

import os
import signal
import sys
from pathlib import Path

from agent.delivery.spool import Spool, make_batch


def batch(number):
    return make_batch(1_795_521_600_000 + number, number % 3, f"interval {number}\n".encode() * 50)


class Steps:
    """Counts what the spool has the system do, and dies before one of them or, of what is written, in its middle."""

    def __init__(self, last):
        self._left = last

    def guard(self, name):
        real = getattr(os, name)

        def step(*arguments, **options):
            self._left -= 1
            if self._left == 0:
                if name == "write":
                    real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        setattr(os, name, step)


def say(word, number):
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


def main():
    directory, last = Path(sys.argv[1]), int(sys.argv[2])
    steps = Steps(last)
    for name in ("open", "write", "fsync", "replace", "close", "unlink", "mkdir"):
        steps.guard(name)
    spool = Spool(directory, intervals_max=3)
    for number in range(6):
        spool.add(batch(number))
        say("added", number)
        if number == 1:
            oldest = spool.oldest()
            spool.done(oldest)
            say("done", 0)
        if number == 2:
            spool.set_aside(spool.oldest(), "refused")
            say("aside", 1)


if __name__ == "__main__":
    main()
