"""The socket in the data directory, which only the directory's owner can open."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_NAME: Final = "gateway.sock"


@contextmanager
def listening(data: Path) -> Iterator[socket.socket]:
    """Listen in a directory whose lock this process holds, until the context ends."""
    path = data / _NAME
    path.unlink(missing_ok=True)  # of a gateway that was killed
    with socket.socket(socket.AF_UNIX) as listener:
        with _short(data) as place:
            before = os.umask(0o177)
            try:
                listener.bind(place)
            finally:
                os.umask(before)
        listener.listen()
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def connected(data: Path) -> socket.socket | None:
    """Connect to the gateway that is serving from a directory; None if there is none."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        with _short(data) as place:
            connection.connect(place)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _short(data: Path) -> Iterator[str]:
    """Yield a path of the socket that is short enough for an address, which takes about a hundred bytes."""
    if sys.platform != "linux":
        yield str(data / _NAME)
        return
    directory = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{_NAME}"
    finally:
        os.close(directory)
