"""Delivers one log blob in a fresh process as the function app would, and prints as JSON when it got how far.

Times are `time.monotonic()` and the process's CPU time, in seconds.

`python -P benchmarks/first_record.py CONTAINER NAME`, with the function app's settings in the environment, and the
package's folders in PYTHONPATH.
"""

# ruff: noqa: E402 -- the clocks are read before anything that takes time is imported
import time

_STARTED = time.monotonic(), time.process_time()

import function_app  # noqa: F401 -- it is the imports that are measured

_IMPORTED = time.monotonic(), time.process_time()

import json
import os
import sys

from shared.clock import SystemClock
from shared.ingester import Ingester
from shared.settings import Settings


def _main() -> None:
    ingester = Ingester.from_settings(Settings.from_environment(os.environ), SystemClock())
    opened = time.monotonic(), time.process_time()
    ingester.handle(*sys.argv[1:])
    ended = time.monotonic(), time.process_time()
    print(json.dumps({"started": _STARTED, "imported": _IMPORTED, "opened": opened, "ended": ended}))


if __name__ == "__main__":
    _main()
