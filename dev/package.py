"""Builds the function app's package, `dist/function.zip`, unless it is there: `python3 -m dev.package`.

`terraform apply` runs this with whatever Python the machine has, so it keeps to Python 3.9 and its standard library,
and needs pip. The same code and requirements give the same bytes: the packages come as wheels, pinned by hash, for the
Linux and the Python that Azure runs, and are taken apart here; times and modes are fixed.

Beside each module lies its bytecode (`dev.bytecode`): the package is mounted read-only in Azure, so that Python would
compile all of it anew at every start. All releases of Python 3.13 read it, and any other Python passes it over for the
source. A machine without Python 3.13 builds the package without it, and says so: the app only starts later.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zipfile
from pathlib import Path

from dev.bootstrap.interpreters import find_python, is_wanted_python
from dev.bootstrap.programs import SetupError, output_of, run

if sys.platform != "win32":
    import fcntl

_ROOT = Path(__file__).resolve().parent.parent
_FILES = ("function_app.py", "host.json", "requirements.txt")
_COMMAND_LINE = ("shared/cli.py", "shared/commands/")
_WHEELS = ".python_packages/lib/site-packages"  # where the host looks ("Python developer guide", folder structure)
_PYTHON = "3.13"
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_COMPILER = Path(__file__).with_name("bytecode.py")
_MADE_FROM = "made-from.txt"
_WITHOUT_BYTECODE = b"without bytecode\n"
_NO_PYTHON = (
    "there is no Python 3.13 on this machine to compile the code, so every start of the function app takes about half "
    "a second longer. `make setup` installs it; then build again."
)
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def main() -> int:
    try:
        package(_ROOT)
    except SetupError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return 0


def package(root: Path) -> Path:
    """Return the package of the code in `root`, built if need be. Raises SetupError if a wheel can't be had."""
    dist = root / "dist"
    dist.mkdir(exist_ok=True)
    built = dist / "function.zip"
    with (dist / "lock").open("w") as lock:
        if sys.platform != "win32":  # where only terraform builds, one function app after the other
            fcntl.flock(lock, fcntl.LOCK_EX)
        code = code_files(root)
        builders = {f"dev/{path.name}": path.read_bytes() for path in (Path(__file__), _COMPILER)}
        made_from = _digests({**code, **builders})
        python = _python_to_compile_with(root)
        if not _is_made_from(built, made_from, or_without_bytecode=python is None):
            files = {**code, **_packages(root / "requirements.txt")}
            if python is None:
                made_from += _WITHOUT_BYTECODE
                print(f"package: {_NO_PYTHON}", file=sys.stderr)
            else:
                files.update(_bytecode(files, python))
            unfinished = dist / "function.unfinished"
            _write({**files, _MADE_FROM: made_from}, unfinished)
            unfinished.replace(built)
            print(f"package: built dist/function.zip, {built.stat().st_size / 1e6:.1f} MB", file=sys.stderr)
    return built


def code_files(root: Path) -> dict[str, bytes]:
    """Return what of the project runs in Azure, by its name in the package."""
    modules = (path.relative_to(root).as_posix() for path in root.glob("shared/**/*.py"))
    names = [*_FILES, *(name for name in modules if not name.startswith(_COMMAND_LINE))]
    return {name: (root / name).read_bytes() for name in names}


def _digests(files: dict[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def _is_made_from(built: Path, made_from: bytes, *, or_without_bytecode: bool) -> bool:
    try:
        with zipfile.ZipFile(built) as archive:
            found = archive.read(_MADE_FROM)
    except (FileNotFoundError, KeyError, zipfile.BadZipFile):
        return False
    return found == made_from or (or_without_bytecode and found == made_from + _WITHOUT_BYTECODE)


def _python_to_compile_with(root: Path) -> Path | None:
    mine = (Path(sys.executable), root / ".venv" / "bin" / "python")
    return next((path for path in mine if is_wanted_python(path)), None) or find_python(os.environ, Path.home())


def _bytecode(files: dict[str, bytes], python: Path) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        sources, compiled = Path(folder) / "sources.zip", Path(folder) / "compiled.zip"
        _write({name: data for name, data in files.items() if name.endswith(".py")}, sources)
        run(
            [str(python), "-I", "-W", "ignore", str(_COMPILER), str(sources), str(compiled)],
            f"{python} could not compile the package; its message above says why.",
        )
        with zipfile.ZipFile(compiled) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def _write(files: dict[str, bytes], path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, which the mode belongs to
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])


def _packages(requirements: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder) / "wheels"
        wanted = ["--implementation", "cp", "--python-version", _PYTHON]
        wanted += [word for platform in _PLATFORMS for word in ("--platform", platform)]
        safely = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-input", "--quiet", "--quiet"]
        run(
            [*_pip(Path(folder) / "pip"), "download", *safely, *wanted, "-r", str(requirements), "-d", str(wheels)],
            "pip could not download the packages; its message above says why. Run this again to continue.",
        )
        for wheel in sorted(wheels.glob("*.whl")):
            files.update(_unpacked(wheel))
    return files


def _pip(folder: Path) -> list[str]:
    # This Python's own, else that of a new environment.
    python = str(folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    if output_of([sys.executable, "-m", "pip", "--version"]) is not None:
        return [sys.executable, "-m", "pip"]
    if output_of([sys.executable, "-m", "venv", str(folder)]) is not None:
        return [python, "-m", "pip"]
    raise SetupError(f"{sys.executable} has no pip. Install pip or Python's venv, and run this again.")


def _unpacked(wheel: Path) -> dict[str, bytes]:
    files = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            place = _place(name)
            if place and not name.endswith("/"):
                files[f"{_WHEELS}/{place}"] = archive.read(name)
    return files


def _place(name: str) -> str | None:
    # Of a folder NAME.data the two kinds of libraries are moved up; scripts and headers are of no use in Azure
    # ("Binary distribution format", packaging.python.org).
    folder, _, rest = name.partition("/")
    if not folder.endswith(".data"):
        return name
    scheme, _, place = rest.partition("/")
    return place if scheme in {"purelib", "platlib"} else None


if __name__ == "__main__":
    sys.exit(main())
