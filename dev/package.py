"""Builds the function app's package, `dist/function.zip`, unless it is there already: `python3 -m dev.package`.

`terraform apply` runs this with whatever Python the machine has, so it keeps to Python 3.9 and its standard library, and needs pip.
The same code and requirements give the same bytes: the packages are wheels pinned by hash, for the Linux and Python that Azure
Functions runs, taken apart here; times and modes are fixed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_DIST = _ROOT / "dist"
_PACKAGE = _DIST / "function.zip"
_FILES = ("function_app.py", "host.json", "requirements.txt")
_COMMAND_LINE = ("shared/cli.py", "shared/commands/")
_MADE_FROM = "made-from.txt"
_WHEELS = ".python_packages/lib/site-packages"  # where the Python worker looks ("python-scale", "Remote build")
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_PYTHON = "3.13"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """Why there is no package: a sentence for the person who wants it."""


def main() -> int:
    try:
        _DIST.mkdir(exist_ok=True)
        with (_DIST / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several function apps are deployed at once
            code = code_files(_ROOT)
            made_from = fingerprint({**code, "dev/package.py": Path(__file__).read_bytes()})
            if not is_made_from(_PACKAGE, made_from):
                build(code, made_from, _PACKAGE)
    except PackageError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return 0


def code_files(root: Path) -> dict[str, bytes]:
    """What of the project runs in Azure, by its name in the package."""
    modules = (path.relative_to(root).as_posix() for path in root.glob("shared/**/*.py"))
    names = [*_FILES, *(name for name in modules if not name.startswith(_COMMAND_LINE))]
    return {name: (root / name).read_bytes() for name in names}


def fingerprint(files: dict[str, bytes]) -> str:
    digests = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(digests)


def is_made_from(package: Path, made_from: str) -> bool:
    try:
        with zipfile.ZipFile(package) as archive:
            return archive.read(_MADE_FROM).decode() == made_from
    except (FileNotFoundError, KeyError, zipfile.BadZipFile):
        return False


def build(code: dict[str, bytes], made_from: str, package: Path) -> None:
    """Write the package, all at once. Raises PackageError if a wheel can't be had."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder) / "wheels"
        download(_ROOT / "requirements.txt", wheels, [*pip(Path(folder) / "pip"), "download"])
        files = {**code, **unpacked(sorted(wheels.glob("*.whl"))), _MADE_FROM: made_from.encode()}
    unfinished = package.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, which the mode is of
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    os.replace(unfinished, package)
    print(f"package: built {package.relative_to(_ROOT)}, {package.stat().st_size / 1e6:.1f} MB", file=sys.stderr)


def pip(folder: Path) -> list[str]:
    """The start of a pip command: this Python's own, else one in a new environment in `folder`."""
    for python in (sys.executable, str(folder / "bin" / "python")):
        if python != sys.executable:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, check=False)
        if Path(python).exists() and not subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode:
            return [python, "-m", "pip"]
    raise PackageError(f"{sys.executable} has no pip. Install pip, or Python's venv, and run this again.")


def download(requirements: Path, folder: Path, command: list[str]) -> None:
    """Fetch the wheels that Azure Functions needs, each checked against its hash."""
    platforms = [word for platform in _PLATFORMS for word in ("--platform", platform)]
    target = ["--implementation", "cp", "--python-version", _PYTHON, *platforms]
    safely = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-input", "--quiet", "--quiet"]
    done = subprocess.run([*command, *safely, *target, "--requirement", str(requirements), "--dest", str(folder)], check=False)
    if done.returncode:
        raise PackageError("pip could not download the packages; its message above tells why. Run this again to go on.")


def unpacked(wheels: list[Path]) -> dict[str, bytes]:
    """The files of wheels by their names in the package; scripts and headers are of no use there."""
    files: dict[str, bytes] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                place = _place(name)
                if place and not name.endswith("/"):
                    files[f"{_WHEELS}/{place}"] = archive.read(name)
    return files


def _place(name: str) -> str | None:
    # ("Binary distribution format", packaging.python.org)
    folder, _, rest = name.partition("/")
    if not folder.endswith(".data"):
        return name
    scheme, _, place = rest.partition("/")
    return place if scheme in {"purelib", "platlib"} else None


if __name__ == "__main__":
    sys.exit(main())
