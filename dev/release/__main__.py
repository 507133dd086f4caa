"""Builds a release of the checked-out commit: `python -m dev.release`.

`dist/release/` then holds the function app's package, the gateway's bundle, an SBOM of each and the checksums of all.
The same commit gives the same bytes: nothing is taken from the work tree, and every time is the commit's.
"""

import contextlib
import datetime as dt
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from dev.bootstrap.programs import SetupError
from dev.package import package
from dev.release.bundle import bundled_files, write_bundle
from dev.release.requirements import read_pins
from dev.release.sbom import Artefact, sbom, vendored_in

_ROOT = Path(__file__).resolve().parent.parent.parent
_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_PACKAGE = "function.zip"


def main() -> int:
    try:
        folder = release(_ROOT)
    except SetupError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print((folder / "SHA256SUMS").read_text(), end="")
    return 0


def release(root: Path) -> Path:
    """Build the release of a checkout's commit, and return its folder.

    Raises:
        SetupError: There are changes that are not committed, or a package can't be had.
    """
    if _git(root, "status", "--porcelain"):
        raise SetupError("there are uncommitted changes. Commit them first: a release is built from a commit.")
    time = int(_git(root, "log", "-1", "--format=%ct"))
    with tempfile.TemporaryDirectory() as scratch:
        tree, made = Path(scratch) / "tree", Path(scratch) / "release"
        with tarfile.open(fileobj=io.BytesIO(_git(root, "archive", "--format=tar", "HEAD"))) as archive:
            archive.extractall(tree, filter="data")
        made.mkdir()
        _make(tree, made, time)
        folder = root / "dist" / "release"
        folder.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
        shutil.move(made, folder)
    return folder


def _make(tree: Path, folder: Path, time: int) -> None:
    found = _VERSION.search((tree / "gateway" / "__init__.py").read_text())
    assert found is not None
    version, commit_time = found[1], dt.datetime.fromtimestamp(time, dt.UTC)

    function = Artefact("sluice-function", version, package(tree).read_bytes())
    (folder / _PACKAGE).write_bytes(function.content)
    name = f"sluice-gateway-{version}"
    bundle = folder / f"{name}.tar.gz"
    write_bundle(bundle, name, {**bundled_files(tree), f"dist/{_PACKAGE}": function.content}, time)
    gateway = Artefact("sluice-gateway", version, bundle.read_bytes())

    described = sbom(function, commit_time, read_pins(tree / "requirements.txt"))
    (folder / "function.cdx.json").write_text(described)
    parts = [*vendored_in(tree), function.component()]
    described = sbom(gateway, commit_time, read_pins(tree / "gateway" / "requirements.txt"), parts)
    (folder / f"{name}.cdx.json").write_text(described)

    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(sums))


def _git(root: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True).stdout
    except subprocess.CalledProcessError as error:
        raise SetupError(f"git {arguments[0]} failed: {error.stderr.decode(errors='replace').strip()}") from error


if __name__ == "__main__":
    sys.exit(main())
