"""Measures a benchmark here and in another commit, in turn: `python -m benchmarks.against COMMIT NAME [--times N]`.

The other commit is checked out beside this tree, and runs with this tree's packages. What each figure is there and here
is the median of its runs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
_INSTALLED: Final = (".venv", ".tools", "dev/emulator/node_modules")


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("commit", help="the commit to compare with, such as HEAD~1")
    parser.add_argument("name", help="the benchmark, as --only of python -m benchmarks has it")
    parser.add_argument("--times", type=int, default=5, help="how often each is run (default: %(default)s)")
    options = parser.parse_args()
    with checked_out(options.commit) as there:
        _compare(there, options.name, options.times)
    return 0


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Yield a tree with another commit in it, which has this tree's packages.

    Raises:
        CalledProcessError: Git does not have it.
    """
    with tempfile.TemporaryDirectory(prefix="against-") as scratch:
        there = Path(scratch) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(there), commit)
        try:
            _lend(there)
            yield there
        finally:
            _git("worktree", "remove", "--force", str(there))


def results(tree: Path, *names: str) -> dict[str, Any]:
    """Run benchmarks in a tree, and return what they print as JSON, by their names."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    command = [sys.executable, "-m", "benchmarks", "--json", *(part for name in names for part in ("--only", name))]
    ran = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(ran.stdout))


def _compare(there: Path, name: str, times: int) -> None:
    values: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for _ in range(times):
        for side, tree in enumerate((there, ROOT)):
            for figure, value in _figures(tree, name).items():
                values[figure][side].append(value)
    print(f"{'':44}{'there':>12}{'here':>12}{'ratio':>8}")
    for figure, (old, new) in values.items():
        if old and new:
            before, after = statistics.median(old), statistics.median(new)
            print(f"{figure:44}{before:>12.4g}{after:>12.4g}{after / before if before else 0:>8.2f}")


def _figures(tree: Path, name: str) -> dict[str, float]:
    return {figure["name"]: figure["value"] for figure in results(tree, name)[name]["figures"]}


def _lend(tree: Path) -> None:
    for name in _INSTALLED:
        (tree / name).symlink_to(ROOT / name)


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(_main())
