"""A neighbour of this machine that talks to it, so that the agent has something to see.

Within a machine the agent sees nothing: loopback is left out. The neighbour is a network namespace at the other end of
a virtual cable, which only root can make. `python -m dev.neighbour ADDRESS PORT` is what runs there.
"""

import contextlib
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from dev.processes import background

_ROOT = Path(__file__).resolve().parent.parent
_NETWORK = ip_network("198.18.0.0/15")
"""For tests of network devices (RFC 2544): no network uses it."""
_PREFIX = 30
_PAUSE_SECONDS = 1.0
_BYTES = 1000


@contextlib.contextmanager
def neighbour(log: Path) -> Iterator[str | None]:
    """Let a neighbour send this machine a request every second, and yield its address; None if that is not possible
    here.

    What it prints goes to the file `log`.
    """
    here, there = _addresses(os.getpid())
    name = f"sluice-{os.getpid()}"
    if os.geteuid() != 0 or shutil.which("ip") is None or not _ip("netns", "add", name):
        yield None
        return
    with contextlib.ExitStack() as ending:
        ending.callback(_ip, "netns", "delete", name)
        if not _connected(name, here, there):
            yield None
            return
        # With the namespace it would go too, but some time later.
        ending.callback(_ip, "link", "delete", _nic())
        server = ending.enter_context(socketserver.ThreadingTCPServer((here, 0), _Answering))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ending.callback(server.shutdown)
        port = str(server.server_address[1])
        asking = background(
            "The neighbour",
            ["ip", "netns", "exec", name, sys.executable, "-m", "dev.neighbour", here, port],
            output=log,
            ready=lambda output: output or None,
            directory=_ROOT,
            environment=os.environ,
        )
        with asking:
            yield there


def _addresses(number: int) -> tuple[str, str]:
    """Return two addresses of a network that is this number's own."""
    networks = _NETWORK.num_addresses >> (32 - _PREFIX)
    first = _NETWORK.network_address + (number % networks << (32 - _PREFIX))
    return str(first + 1), str(first + 2)


def _connected(name: str, here: str, there: str) -> bool:
    """Lay the cable."""
    nic = _nic()
    return (
        _ip("link", "add", nic, "type", "veth", "peer", "name", "eth0", "netns", name)
        and _ip("address", "add", f"{here}/{_PREFIX}", "dev", nic)
        and _ip("link", "set", nic, "up")
        and _ip("-n", name, "address", "add", f"{there}/{_PREFIX}", "dev", "eth0")
        and _ip("-n", name, "link", "set", "eth0", "up")
    )


def _nic() -> str:
    return f"sluice{os.getpid()}"


def _ip(*arguments: str) -> bool:
    return subprocess.run(["ip", *arguments], check=False, capture_output=True).returncode == 0


class _Answering(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while self.rfile.read1(_BYTES):
            self.wfile.write(b"a" * _BYTES)


def _ask(address: str, port: int) -> None:
    """Ask over one connection that stays, and over one that does not, as applications do."""
    with socket.create_connection((address, port)) as lasting:
        print("The neighbour asks.", flush=True)
        while True:
            with socket.create_connection((address, port)) as brief:
                for connection in (lasting, brief):
                    connection.sendall(b"q" * _BYTES)
                    connection.recv(_BYTES)
            time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    _ask(sys.argv[1], int(sys.argv[2]))
