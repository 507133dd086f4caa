"""Runs all benchmarks, or some: `python -m benchmarks [--only NAME] [--json]`.

Each runs in its own process, so that none is affected by another. Missed targets are only printed: the command fails
only if a benchmark fails.
"""

import argparse
import multiprocessing
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module

from benchmarks import report

_NAMES = (
    *("decode", "posting", "reading", "memory", "operations", "update", "sweeping", "sizes", "scaling"),
    *("cold_start", "ingest", "pages", "agent", "data_directories", "hostility"),
)


def _main() -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks")
    options.add_argument("--only", choices=_NAMES, action="append", metavar="NAME", help=f"one of {', '.join(_NAMES)}")
    options.add_argument("--json", action="store_true", help="print JSON")
    asked = options.parse_args()
    results: dict[str, report.Result] = {}
    names = [name for name in _NAMES if name in (asked.only or _NAMES)]
    for name in names:
        try:
            results[name] = _apart(name)
        except Exception:  # noqa: BLE001 -- the others are run all the same
            print(f"{name} failed:\n{traceback.format_exc()}", file=sys.stderr)
        else:
            if not asked.json:
                report.show(name, results[name])
    if asked.json:
        print(report.as_json(results))
    return 0 if len(results) == len(names) else 1


def _apart(name: str) -> report.Result:
    measure: report.Measure = import_module(f"benchmarks.{name}").measure
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(measure).result()


if __name__ == "__main__":
    sys.exit(_main())
