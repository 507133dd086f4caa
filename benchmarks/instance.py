"""A process of the function app that acts on the events it is told of, as many at once as `host.json` says.

`python -m benchmarks.instance`, with the function app's settings in the environment. Each line on standard input is an
event: a container and a name, with a tab between them. For each event it prints as JSON when it was done with it
(`time.monotonic()`), and the outcome. At the end of its input it prints the most memory that it had.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import azure_functions_runtime  # noqa: F401 -- the worker's library, whose memory is the process's, too

import function_app  # noqa: F401 -- so that the imports are those of the function app
from benchmarks.resident import peak_of
from shared.clock import SystemClock
from shared.delivery.lines import Lines
from shared.delivery.report import Outcome
from shared.ingester import Ingester
from shared.settings import Settings

_HOST_JSON: Final = Path(__file__).resolve().parent.parent / "host.json"


def _main() -> None:
    at_once = json.loads(_HOST_JSON.read_text())["extensions"]["blobs"]["maxDegreeOfParallelism"]
    settings, clock = Settings.from_environment(os.environ), SystemClock()
    ingester, lines = Ingester.from_settings(settings, clock), Lines(clock, each=False)

    def act(event: str) -> None:
        container, name = event.rstrip("\n").split("\t")
        report = ingester.handle(container, name)
        while report.outcome is Outcome.CONTINUES:  # where the next event of the log would continue
            report = ingester.handle(container, name)
        lines.log(report)
        _say({"name": name, "done": time.monotonic(), "outcome": report.outcome.code})

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(act, sys.stdin))
    _say({"peak": peak_of(os.getpid())})


def _say(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")  # at once, for the sake of the other threads
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
