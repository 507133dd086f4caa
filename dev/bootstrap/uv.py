"""Getting uv, which makes the virtual environment and installs the packages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from dev.bootstrap.programs import SetupError, output_of, run, say

if TYPE_CHECKING:
    from collections.abc import Sequence

_OLDEST = (0, 8)
_REQUIREMENTS = Path(__file__).with_name("uv.txt")


def find_uv(folder: Path, pythons: Sequence[str]) -> Path:
    """Return the uv on PATH if it is new enough, or one that the first able one of `pythons` installs into `folder`."""
    on_path = shutil.which("uv")
    installed = folder / "bin" / "uv"
    for uv in (on_path, str(installed)):
        if uv and _is_new_enough(uv):
            return Path(uv)
    say(f"installing uv into {folder}")
    pip = _make_pip(folder, pythons)
    failure = "pip could not install uv; its message above says why. Is the package index reachable?"
    run([*pip, "--no-input", "--quiet", "--require-hashes", "--requirement", str(_REQUIREMENTS)], failure)
    return installed


def _is_new_enough(uv: str) -> bool:
    version = re.match(r"uv (\d+)\.(\d+)", output_of([uv, "--version"]) or "")
    return version is not None and (int(version[1]), int(version[2])) >= _OLDEST


def _make_pip(folder: Path, pythons: Sequence[str]) -> list[str]:
    """Return the start of a command that installs into `folder`, with a virtual environment or a Python's own pip."""
    for python in pythons:
        if output_of([python, "-m", "venv", "--clear", str(folder)]) is not None:
            return [str(folder / "bin" / "python"), "-m", "pip", "install"]
    shutil.rmtree(folder, ignore_errors=True)  # venv fails halfway where ensurepip is missing
    for python in pythons:
        if output_of([python, "-m", "pip", "--version"]) is not None:
            return [python, "-m", "pip", "install", "--target", str(folder)]
    raise SetupError(
        f"{' and '.join(pythons)} can neither make a virtual environment nor run pip. Install one of: uv, "
        "Python's venv (on Debian and Ubuntu the package python3-venv), or pip; then run this again."
    )
