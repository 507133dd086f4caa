"""The gateway's bundle: what runs the gateway and its console, and what the console hands out."""

import ast
import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

_FILES = ("LICENSE", "CHANGELOG.md", "SECURITY.md")
_FOLDERS = ("gateway", "docs", "terraform")
_LEFT_OUT = ("docs/screenshots/", "terraform/tests/")


def bundled_files(tree: Path) -> dict[str, bytes]:
    """Return the files of a checkout that are in the bundle, by their names in it."""
    found = {tree / name for name in _FILES}
    found |= {path for folder in _FOLDERS for path in (tree / folder).rglob("*") if path.is_file()}
    names = {path.relative_to(tree).as_posix(): path for path in found | needed_of_shared(tree)}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith(_LEFT_OUT)}


def needed_of_shared(tree: Path) -> set[Path]:
    """Return the modules of `shared` that the gateway imports, and those that these import."""
    found: set[Path] = set()
    unread = list((tree / "gateway").rglob("*.py"))
    while unread:
        new = {path for name in _imported_by(unread.pop()) for path in _modules(tree, name)} - found
        found |= new
        unread += new
    return found


def write_bundle(path: Path, folder: str, files: Mapping[str, bytes], time: int) -> None:
    """Write files as a compressed tar archive, whose bytes depend on nothing but what is given.

    Args:
        path: The archive.
        folder: The folder that everything in it is in.
        files: The contents, by name.
        time: When the files were changed, in seconds since 1970.
    """
    with (
        path.open("wb") as out,
        gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=time) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name in sorted(files):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(files[name]), time, 0o644
            archive.addfile(entry, io.BytesIO(files[name]))


def _imported_by(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _modules(tree: Path, name: str) -> Iterator[Path]:
    """Return the files that importing a dotted name of `shared` runs; its last part need not be a module."""
    parts = name.split(".")
    if parts[0] == "shared":
        for length in range(1, len(parts) + 1):
            place = tree.joinpath(*parts[:length])
            yield from (path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file())
