"""Delivers one log blob in a process of its own, and prints as JSON what memory that took.

`python -m benchmarks.peak CONTAINER NAME`, with the function app's settings in the environment.
"""

import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import function_app  # noqa: F401 -- so that the imports are those of the function app
from shared.clock import SystemClock
from shared.delivery.report import Outcome
from shared.ingester import Ingester
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Peak:
    """Resident memory of the process in bytes, after its imports and at most; and what was delivered."""

    imports: int
    most: int
    tuples: int
    milliseconds: int


def _main() -> None:
    container, name = sys.argv[1:]
    imports = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far (proc(5))
    ingester = Ingester.from_settings(Settings.from_environment(os.environ), SystemClock())
    reports = [ingester.handle(container, name)]
    while reports[-1].outcome is Outcome.CONTINUES:
        reports.append(ingester.handle(container, name))
    if reports[-1].outcome is not Outcome.DELIVERED:
        raise SystemExit(f"{reports[-1].outcome.code}: {reports[-1].message}")
    tuples, milliseconds = (sum(each.tally.tuples for each in reports), sum(each.milliseconds for each in reports))
    print(json.dumps(asdict(Peak(imports, _resident("VmHWM"), tuples, milliseconds))))


def _resident(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise SystemExit("This needs Linux: it reads /proc/self/status.")
    return int(found[1]) * 1024


if __name__ == "__main__":
    _main()
