"""The steps, each of which first checks whether it is needed."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

from dev.bootstrap.interpreters import find_python, is_wanted_python
from dev.bootstrap.node import find_node, install_node
from dev.bootstrap.programs import SetupError, run, say
from dev.bootstrap.stamps import Stamp
from dev.bootstrap.uv import find_uv

_ROOT = Path(__file__).resolve().parent.parent.parent
_TOOLS = _ROOT / ".tools"
_VENV = _ROOT / ".venv"
_PYTHON = _VENV / "bin" / "python"
_REQUIREMENTS = _ROOT / "dev" / "requirements.txt"


def main() -> int:
    try:
        _TOOLS.mkdir(exist_ok=True)
        with (_TOOLS / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two terminals, one checkout
            _set_up_python()
            _install_from_npm(_ROOT / "dev" / "emulator", "Azurite (about 400 MB, once)")
            _install_from_npm(_ROOT / "dev" / "axe", "axe-core")
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: stopped; run it again to continue from here", file=sys.stderr)
        return 130
    return 0


def _set_up_python() -> None:
    stamp = Stamp(_VENV / "sluice-stamp", [_REQUIREMENTS, _ROOT / "pyproject.toml"])
    uv_link = _TOOLS / "uv"
    if stamp.is_current() and _PYTHON.exists() and uv_link.exists():
        return
    python = find_python(os.environ, Path.home())
    say(f"Python 3.13 is {python}" if python else "no Python 3.13 on this machine, so uv will download one")
    uv = find_uv(_TOOLS / "uv-environment", [sys.executable, *([str(python)] if python else [])])
    _link(uv_link, uv)
    stamp.remove()
    if not is_wanted_python(_PYTHON):
        failure = "uv could not make .venv with Python 3.13. Install Python 3.13 by hand, and run this again."
        run([str(uv), "venv", "--quiet", "--clear", "--python", str(python or "3.13"), str(_VENV)], failure)
    say("installing the packages of dev/requirements.txt into .venv")
    pip = [str(uv), "pip"]
    into = ["--quiet", "--python", str(_PYTHON)]
    failure = "uv could not install the Python packages; its message above says why. Run this again to continue."
    # Compiled once: the demo and the tests start hundreds of processes.
    run([*pip, "sync", *into, "--compile-bytecode", "--require-hashes", str(_REQUIREMENTS)], failure)
    # The build backend is in dev/requirements.txt already: building in isolation would fetch it again, without a hash.
    run([*pip, "install", *into, "--no-deps", "--no-build-isolation", "--editable", str(_ROOT)], failure)
    stamp.write()


def _install_from_npm(folder: Path, what: str) -> None:
    sources = [folder / "package.json", folder / "package-lock.json", Path(__file__).with_name("node.txt")]
    stamp = Stamp(folder / "node_modules" / "sluice-stamp", sources)
    node_link = _TOOLS / "node"
    if stamp.is_current() and node_link.exists():
        return
    node = find_node() or install_node(_TOOLS / "nodejs", _TOOLS / "uv", _PYTHON)
    _link(node_link, node.node)
    say(f"installing {what} into {folder.relative_to(_ROOT)}")
    command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    failure = f"npm ci failed in {folder.relative_to(_ROOT)}; its message above says why. Run this again to continue."
    run(command, failure, directory=folder)
    stamp.write()


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


if __name__ == "__main__":
    sys.exit(main())
