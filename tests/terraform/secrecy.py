"""Where a secret shows: in files, and in the list of processes while something runs."""

import base64
import contextlib
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote


def forms(secret: str) -> list[bytes]:
    """A secret as it stands, as base64 wherever it begins, and as in a URL."""
    shifted = [base64.b64encode(b"x" * shift + secret.encode()) for shift in range(3)]
    # what precedes and follows the secret is in the first and last characters
    inner = [encoded[4 if shift else 0 : -4] for shift, encoded in enumerate(shifted)]
    return [secret.encode(), *inner, quote(secret, safe="").encode()]


def shows(secret: str, content: bytes) -> bool:
    """Whether content has a secret in one of its forms."""
    return any(form in content for form in forms(secret))


def files_that_show(secret: str, folder: Path) -> list[str]:
    """The names of the files below a folder that have a secret in them, or in the files that they pack."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and any(shows(secret, content) for content in _contents(path))
    )


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from map(archive.read, archive.namelist())


@dataclass(slots=True)
class CommandLines:
    """The command lines of all processes that were seen."""

    seen: set[bytes] = field(default_factory=set)

    def that_show(self, secret: str) -> list[bytes]:
        """Those that have a secret in them."""
        return [line for line in tuple(self.seen) if shows(secret, line)]


@contextlib.contextmanager
def watching_processes() -> Iterator[CommandLines]:
    """Look at the list of processes again and again, for as long as the block lasts."""
    lines, over = CommandLines(), threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):  # it ended
                    lines.seen.add(process.read_bytes())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lines
    finally:
        over.set()
        thread.join()
