"""Checks a release as its user would, and that anybody can reproduce it: `python -m dev.release.check`.

Two clones make the release of the same commit, under circumstances that differ; every file must have the same bytes.
Then the gateway's bundle is unpacked into an empty folder, its requirements are installed there, and its gateway is
started and visited.
"""

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from html import unescape
from http import HTTPStatus
from pathlib import Path

import requests

from dev.processes import background

_ROOT = Path(__file__).resolve().parent.parent.parent
_CIRCUMSTANCES: tuple[tuple[str, int, Mapping[str, str]], ...] = (
    ("one", 0o022, {"TZ": "UTC", "PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8"}),
    ("another place", 0o077, {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "2", "LC_ALL": "C"}),
)
_IMPORT_ALL = """
import importlib, pathlib
for path in pathlib.Path().glob("gateway/**/*.py"):
    if path.name != "__main__.py":
        importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
"""
_LISTENING = re.compile(r'^\{"listening":"([^"]+)"', re.MULTILINE)
_FIRST_PASSWORD = re.compile(r"\badmin\b.* password (\S+)")
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_PICTURE = re.compile(r'src="(/help/diagrams/[^"]+)"')
_PASSWORD = "a password of the check"
_SECONDS = 30


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        releases = [_made(folder / name, umask, settings) for name, umask, settings in _CIRCUMSTANCES]
        differing = _differing(*releases)
        if differing:
            print(f"release-check: made twice, these differ: {', '.join(differing)}", file=sys.stderr)
            return 1
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=releases[0], check=True)
        print(f"release-check: {len(list(releases[0].iterdir()))} files, the same bytes twice", flush=True)
        _visit_gateway(_unpacked(releases[0], folder / "bundle"), folder)
    return 0


def _made(clone: Path, umask: int, settings: Mapping[str, str]) -> Path:
    """Return the folder of the release that a fresh clone makes."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(_ROOT), str(clone)], umask=umask, check=True)
    command, environment = [sys.executable, "-m", "dev.release"], {**os.environ, **settings}
    subprocess.run(command, cwd=clone, env=environment, umask=umask, stdout=subprocess.DEVNULL, check=True)
    return clone / "dist" / "release"


def _differing(one: Path, other: Path) -> list[str]:
    names = sorted({path.name for folder in (one, other) for path in folder.iterdir()})
    return [name for name in names if _content(one / name) != _content(other / name)]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _unpacked(release: Path, folder: Path) -> Path:
    (bundle,) = release.glob("sluice-gateway-*.tar.gz")
    with tarfile.open(bundle) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


def _visit_gateway(bundle: Path, scratch: Path) -> None:
    """Install what the bundle asks for and nothing else, start its gateway, and look at pages of it."""
    uv, python = str(_ROOT / ".tools" / "uv"), str(scratch / "venv" / "bin" / "python")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(scratch / "venv")], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes"]
    subprocess.run([*install, "--requirements", "gateway/requirements.txt"], cwd=bundle, check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    subprocess.run([python, "-c", _IMPORT_ALL], cwd=bundle, env=environment, check=True)
    output = scratch / "gateway.output"
    with background(
        "the gateway",
        [python, "-m", "gateway", "serve", "--data", str(scratch / "data"), "--port", "0"],
        output=output,
        ready=lambda said: (found := _LISTENING.search(said)) and found[1],
        directory=bundle,
        environment=environment,
    ) as (_, url):
        first = _FIRST_PASSWORD.search(output.read_text())
        assert first is not None, output.read_text()
        session = requests.Session()
        _get(session, f"{url}/healthz")
        _post(session, f"{url}/sign-in", {"username": "admin", "password": first[1]})
        form = {"csrf": _found(_CSRF, _get(session, f"{url}/account"))}
        _post(session, f"{url}/account", {**form, "current": first[1], "new": _PASSWORD, "again": _PASSWORD})
        for path in ("/", "/traffic", "/help", "/help/operations"):
            assert "Sign out" in _get(session, url + path), path
        assert "<svg" in _get(session, url + _found(_PICTURE, _get(session, f"{url}/help/delivery")))
    print("release-check: the gateway of the bundle serves its console and the documents")


def _get(session: requests.Session, url: str) -> str:
    answer = session.get(url, timeout=_SECONDS, allow_redirects=False)
    assert answer.status_code == HTTPStatus.OK, f"{url} is answered {answer.status_code}"
    return answer.text


def _post(session: requests.Session, url: str, form: Mapping[str, str]) -> None:
    answer = session.post(url, form, timeout=_SECONDS)
    assert answer.ok, f"{url} is answered {answer.status_code}"


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    assert found is not None, f"{pattern.pattern} is not in {text[:500]}"
    return unescape(found[1])


if __name__ == "__main__":
    sys.exit(main())
