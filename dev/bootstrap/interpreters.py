"""Finding a Python 3.13 that really runs.

A name on PATH proves nothing: pyenv puts a `python3.13` there for every version it has, which fails when that version
is not selected. So each candidate is run, and pyenv's and uv's own folders are looked through before a download.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dev.bootstrap.programs import output_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "python3.13"
_WANTED = "3.13.final"
# A Python built without these imports runs, but is of no use here.
_PROBE = "import ctypes, ssl, sys; print('%d.%d.%s' % (sys.version_info[0], sys.version_info[1], sys.version_info[3]))"


def find_python(environment: Mapping[str, str], home: Path) -> Path | None:
    """Return the first Python 3.13 that runs: on PATH, under pyenv, under uv; None if there is none."""
    return next((path for path in _candidates(environment, home) if is_wanted_python(path)), None)


def is_wanted_python(path: Path) -> bool:
    return output_of([str(path), "-I", "-c", _PROBE]) == _WANTED


def _candidates(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    for directory in environment.get("PATH", "").split(":"):
        if directory:
            yield Path(directory) / NAME
    pyenv = Path(environment.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    uv = Path(environment.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for folder in (*_newest_first(pyenv, "3.13*"), *_newest_first(uv, "cpython-3.13*")):
        yield folder / "bin" / NAME


def _newest_first(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern), key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)], reverse=True)
