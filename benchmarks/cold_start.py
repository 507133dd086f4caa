"""How long a fresh process takes until the gateway has its first flow record, and what imports take of that."""

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import report
from benchmarks.stage import Stage, stage
from benchmarks.synthetic import Shape, Traffic, ranges
from dev.package import package

_ROOT = Path(__file__).resolve().parent.parent
_FIRST_RECORD = _ROOT / "benchmarks" / "first_record.py"
_AS_BUILT, _SOURCES_ALONE = "as built", "without bytecode"

_ROUNDS = 7
_IMPORTS = {
    "bare Python": "",
    "requests": "requests",
    "azure.functions": "azure.functions",
    "azure.functions and the blob binding": "azure.functions, azurefunctions.extensions.bindings.blob",
    "the function app": "function_app",
}
_CLAIM = (
    "A fresh Python imports the function app from its package, in which it can write no bytecode, and delivers one log "
    "blob; its first record counts once the gateway has answered. The host's own start and its worker's are not in it. "
    "The same from the package without its bytecode. Beside it: how long Python takes from start to end when it "
    f"imports one thing of the package. Medians of {_ROUNDS} interleaved rounds."
)


@dataclass(frozen=True, slots=True)
class _Taken:
    # What something took, in seconds.
    wall: float
    cpu: float


def measure() -> report.Result:
    """Measure the start and the imports, interleaved.

    Raises:
        RuntimeError: The gateway got nothing.
    """
    imports: dict[str, list[_Taken]] = {name: [] for name in _IMPORTS}
    steps: dict[str, dict[str, list[_Taken]]] = {_AS_BUILT: defaultdict(list), _SOURCES_ALONE: defaultdict(list)}
    with stage() as parts, _unpacked() as apps:
        for network_card in range(2 * (_ROUNDS + 1)):
            kind = (_AS_BUILT, _SOURCES_ALONE)[network_card % 2]
            for name, taken in _start(parts, network_card, apps[kind]).items():
                steps[kind][name].append(taken)
            if kind == _AS_BUILT:
                for name, modules in _IMPORTS.items():
                    imports[name].append(_python(modules, apps[kind]))
    built, alone, python = _medians(steps[_AS_BUILT]), _medians(steps[_SOURCES_ALONE]), _medians(imports)
    ours = python["the function app"].cpu - python["azure.functions and the blob binding"].cpu
    return report.Result(
        _CLAIM,
        (
            report.Figure("cold start to the first record", built["all"].wall, "s"),
            report.Figure("without bytecode", alone["all"].wall / built["all"].wall, "times as long", at_least=1.5),
            report.Figure("imports beyond the platform's own", ours, "CPU s"),
        ),
        (
            _table("from the start to the first record", built),
            _table("the same without bytecode", alone),
            _table("Python that imports", python),
        ),
    )


@contextlib.contextmanager
def _unpacked() -> Iterator[dict[str, Path]]:
    # The package, and the same without the bytecode that lies in it.
    with zipfile.ZipFile(package(_ROOT)) as archive, tempfile.TemporaryDirectory() as folder:
        sources = [name for name in archive.namelist() if not name.endswith(".pyc")]
        if len(sources) == len(archive.namelist()):
            raise RuntimeError("The package was built without bytecode: it needs a Python 3.13.")
        apps = {_AS_BUILT: Path(folder) / "built", _SOURCES_ALONE: Path(folder) / "sources"}
        archive.extractall(apps[_AS_BUILT])
        archive.extractall(apps[_SOURCES_ALONE], sources)
        yield apps


def _environment(app: Path) -> dict[str, str]:
    # The package comes before what is installed here, and is left as it is.
    libraries = app / ".python_packages" / "lib" / "site-packages"
    return {**os.environ, "PYTHONPATH": f"{app}:{libraries}", "PYTHONDONTWRITEBYTECODE": "1"}


def _start(parts: Stage, network_card: int, app: Path) -> dict[str, _Taken]:
    log = parts.new_log(network_card)
    log.commit(*ranges(Traffic(Shape.NSG, 1)))
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-P", str(_FIRST_RECORD), log.log.kind.container, log.log.name],
        cwd=app,
        env=_environment(app) | parts.environment(),
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


def _python(modules: str, app: Path) -> _Taken:
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-P", "-c", f"import {modules}" if modules else ""]
    subprocess.run(command, cwd=app, env=_environment(app), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _Taken(time.perf_counter() - begun, cpu)


def _medians(taken: Mapping[str, Sequence[_Taken]]) -> dict[str, _Taken]:
    # The first round fills the caches of files.
    return {
        name: _Taken(median(each.wall for each in rounds[1:]), median(each.cpu for each in rounds[1:]))
        for name, rounds in taken.items()
    }


def _table(heading: str, taken: Mapping[str, _Taken]) -> report.Table:
    return report.Table((heading, "s", "CPU s"), tuple((name, each.wall, each.cpu) for name, each in taken.items()))


if __name__ == "__main__":
    report.main("cold_start", measure)
