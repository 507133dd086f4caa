"""A neighbour of this machine that talks to it, so that the agent has something to see.

Within a machine the agent sees nothing: loopback is left out. The neighbour is a network namespace at the other end of
a virtual cable, which only root can make. `python -m dev.neighbour ADDRESS PORT` is what runs there, and prints a line
of JSON for each connection that it began or ended.
"""

import contextlib
import json
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from dev.processes import background

_ROOT = Path(__file__).resolve().parent.parent
_NETWORK = ip_network("198.18.0.0/15")
"""For tests of network devices (RFC 2544): no network uses it."""
_PREFIX = 30
_PAUSE_SECONDS = 1.0
BYTES = 1000
"""The bytes of a request, and of its answer."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A neighbour of this machine.

    Attributes:
        address: Its address.
        machine: This machine's address, as the neighbour knows it.
        port: The port that it asks there.
        log: What it prints.
    """

    address: str
    machine: str
    port: int
    log: Path


@contextlib.contextmanager
def neighbour(log: Path) -> Iterator[Neighbour | None]:
    """Let a neighbour send this machine a request every second, and yield it; None if that is not possible here.

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
        port = server.server_address[1]
        asking = background(
            "The neighbour",
            ["ip", "netns", "exec", name, sys.executable, "-m", "dev.neighbour", here, str(port)],
            output=log,
            ready=lambda output: output or None,
            directory=_ROOT,
            environment=os.environ,
        )
        with asking:
            yield Neighbour(there, here, port, log)


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
        while self.rfile.read1(BYTES):
            self.wfile.write(b"a" * BYTES)


def _ask(address: str, port: int) -> None:
    """Ask over one connection that stays, and over one that does not, as applications do."""
    with _connected_to(address, port) as lasting:
        while True:
            with _connected_to(address, port) as brief:
                for connection in (lasting, brief):
                    connection.sendall(b"q" * BYTES)
                    connection.recv(BYTES)
            time.sleep(_PAUSE_SECONDS)


@contextlib.contextmanager
def _connected_to(address: str, port: int) -> Iterator[socket.socket]:
    with socket.create_connection((address, port)) as connection:
        own_port = connection.getsockname()[1]
        _tell("begin", own_port)
        yield connection
    _tell("end", own_port)


def _tell(event: str, port: int) -> None:
    print(json.dumps({"time": time.time_ns() // 1_000_000, "port": port, "event": event}), flush=True)


if __name__ == "__main__":
    _ask(sys.argv[1], int(sys.argv[2]))
