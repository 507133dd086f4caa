"""A tier of an application: `python tier.py NAME PORT [UPSTREAM]`.

It answers requests at its port, having asked the tier behind it, and talks to itself besides. The first tier, without
a port, has no users, and asks on its own. Connections stay open, three to each tier.
"""

import socket
import sys
import threading
import time
from itertools import count
from pathlib import Path

_CONNECTIONS = 3


class Upstream:
    """The tier behind this one."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self._connections = [_connected(host, int(port)) for _ in range(_CONNECTIONS)]
        self._turn = count()
        self._lock = threading.Lock()

    def ask(self):
        with self._lock:
            connection = self._connections[next(self._turn) % _CONNECTIONS]
            connection.sendall(b"q")
            return connection.recv(1)


def _connected(host, port):
    while True:
        try:
            return socket.create_connection((host, port))
        except OSError:
            time.sleep(0.05)


def _serve(connection, upstream):
    while connection.recv(1):
        if upstream:
            upstream.ask()
        connection.sendall(b"a")


def _answer(listener, upstream):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, upstream), daemon=True).start()


def main():
    name, port, *behind = sys.argv[1:]
    Path("/proc/self/comm").write_text(name)
    upstream = Upstream(behind[0]) if behind else None
    if int(port):
        listener = socket.create_server(("", int(port)))
        threading.Thread(target=_answer, args=(listener, upstream), daemon=True).start()
        itself = _connected("127.0.0.1", int(port))
    while True:
        time.sleep(0.05)
        if int(port):
            itself.sendall(b"q")
            itself.recv(1)
        else:
            upstream.ask()


if __name__ == "__main__":
    main()
