"""How long a fresh process takes until the gateway has its first flow record, and what imports take of that."""

import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks import report
from benchmarks.stage import Stage, stage
from benchmarks.synthetic import Shape, Traffic, ranges

_ROUNDS = 7
_IMPORTS = {
    "bare Python": "",
    "requests": "requests",
    "azure.functions": "azure.functions",
    "azure.functions and the blob binding": "azure.functions, azurefunctions.extensions.bindings.blob",
    "the function app": "function_app",
}
_CLAIM = (
    "A fresh Python imports the function app and delivers one log blob; its first record counts once the gateway has "
    "answered. The host's own start and its worker's are not in it. Beside it: how long Python takes from start to end "
    f"when it imports one thing. Medians of {_ROUNDS} interleaved rounds, with bytecode compiled."
)


@dataclass(frozen=True, slots=True)
class _Taken:
    # What something took, in seconds.
    wall: float
    cpu: float


def measure() -> report.Result:
    """Measure the start and the imports, interleaved.

    Raises:
        RuntimeError: the gateway got nothing.
    """
    imports: dict[str, list[_Taken]] = {name: [] for name in _IMPORTS}
    steps: dict[str, list[_Taken]] = defaultdict(list)
    with stage() as parts:
        for network_card in range(_ROUNDS + 1):
            for name, taken in _start(parts, network_card).items():
                steps[name].append(taken)
            for name, modules in _IMPORTS.items():
                imports[name].append(_python(modules))
    step, python = _medians(steps), _medians(imports)
    ours = python["the function app"].cpu - python["azure.functions and the blob binding"].cpu
    return report.Result(
        _CLAIM,
        (
            report.Figure("cold start to the first record", step["all"].wall, "s"),
            report.Figure("imports beyond the platform's own", ours, "CPU s"),
        ),
        (_table("from the start to the first record", step), _table("Python that imports", python)),
    )


def _start(parts: Stage, network_card: int) -> dict[str, _Taken]:
    log = parts.new_log(network_card)
    log.commit(*ranges(Traffic(Shape.NSG, 1)))
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.first_record", log.log.kind.container, log.log.name],
        env=os.environ | parts.environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    started, imported, opened, ended = (_Taken(*each) for each in json.loads(done.stdout).values())
    accepted = parts.gateway.taken().last
    if accepted < opened.wall:
        raise RuntimeError("The gateway was given nothing.")
    return {
        "Python": _Taken(started.wall - begun, started.cpu),
        "imports": _Taken(imported.wall - started.wall, imported.cpu - started.cpu),
        "opening": _Taken(opened.wall - imported.wall, opened.cpu - imported.cpu),
        "first record": _Taken(accepted - opened.wall, ended.cpu - opened.cpu),
        "all": _Taken(accepted - begun, ended.cpu),
    }


def _python(modules: str) -> _Taken:
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"import {modules}" if modules else ""], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _Taken(time.perf_counter() - begun, cpu)


def _medians(taken: Mapping[str, Sequence[_Taken]]) -> dict[str, _Taken]:
    # The first round fills the caches of files and of bytecode.
    return {
        name: _Taken(median(each.wall for each in rounds[1:]), median(each.cpu for each in rounds[1:]))
        for name, rounds in taken.items()
    }


def _table(heading: str, taken: Mapping[str, _Taken]) -> report.Table:
    return report.Table((heading, "s", "CPU s"), tuple((name, each.wall, each.cpu) for name, each in taken.items()))


if __name__ == "__main__":
    report.main("cold_start", measure)
