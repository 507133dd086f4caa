"""Local gateways, in a thread or in a process that may be killed: for tests and a developer's machine."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from starlette.middleware import Middleware

from dev.gateway.faults import DroppableProtocol, FaultLayer, Faults
from gateway.api.request_log import Sink
from gateway.app import create_app
from gateway.clock import Clock, utc_now
from gateway.connections import Connections
from gateway.edge.app import create_edge
from gateway.limits import DEFAULT_LIMITS, Limits
from gateway.metrics.activity import Activity
from gateway.server import listen, run, server
from gateway.site import CHECKOUT, PACKAGE, Site
from gateway.stores.accounts import Accounts
from gateway.stores.database import Database
from gateway.stores.passwords import new_password
from gateway.stores.stores import Stores, open_stores
from gateway.stores.tokens import TokenKind, Tokens


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with one user and one subscription token, of kind ingest.

    Attributes:
        number: The customer's number, by which its records are found.
        user: The name that its user signs in with.
        password: That user's password.
        subscription_token: Lives a year.
    """

    number: int
    user: str
    password: str = field(repr=False)
    subscription_token: str = field(repr=False)


def new_customer(database: Database, name: str, clock: Clock = utc_now) -> Customer:
    """Add a customer, with a user of the same name and a subscription token."""
    accounts = Accounts(database)
    number = accounts.add_customer(name)
    password = new_password()
    accounts.add_user(name, number, password)
    token, _ = Tokens(database).add(number, clock(), timedelta(days=365))
    return Customer(number, name, password, token)


def agents_token(database: Database, customer: Customer, clock: Clock = utc_now) -> str:
    """Make a token for a customer's agents, which lives a year."""
    token, _ = Tokens(database).add(customer.number, clock(), timedelta(days=365), kind=TokenKind.AGENT)
    return token


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that serves from a thread of this process.

    Attributes:
        url: Its address, without a slash at the end.
        stores: What it keeps; may be read while it serves.
    """

    url: str
    stores: Stores


@contextmanager
def run_in_thread(  # noqa: PLR0913 - what a gateway can differ in
    data: Path,
    *,
    sink: Sink = lambda _entry: None,
    clock: Clock = utc_now,
    limits: Limits = DEFAULT_LIMITS,
    faults: Faults | None = None,
    faulty_path: str = "/qas/flow-logs",
    package: Path = PACKAGE,
    activity: Activity | None = None,
) -> Iterator[Gateway]:
    """Serve a gateway on a free loopback port for as long as the context lasts; faults strike requests below a path."""
    stores = open_stores(data)
    activity = activity or Activity()
    connections = activity.connections["gateway"] = Connections(1000, None)
    listener = listen("127.0.0.1", 0, connections)
    site = Site(f"http://127.0.0.1:{listener.getsockname()[1]}", package=package)
    layers = [] if faults is None else [Middleware(FaultLayer, faults=faults, path=faulty_path)]
    app = create_app(stores, site, clock, sink, limits, layers, activity=activity)
    serving = server(app, protocol=DroppableProtocol, connections=connections)
    thread = threading.Thread(target=run, args=[(serving, listener)], name="gateway")
    thread.start()
    try:
        yield Gateway(site.url, stores)
    finally:
        serving.should_exit = True
        thread.join()
        stores.close()


@contextmanager
def run_edge_in_thread(
    stores: Stores,
    certificate: Path,
    key: Path,
    *,
    sink: Sink = lambda _entry: None,
    clock: Clock = utc_now,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[str]:
    """Serve the edge of a gateway's stores on a free loopback port, and yield its address."""
    connections = Connections(1000, None)
    listener = listen("127.0.0.1", 0, connections)
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    app = create_edge(stores, clock, sink, limits)
    serving = server(app, certificate, key, ending=stores.changes.end, connections=connections)
    thread = threading.Thread(target=run, args=[(serving, listener)], name="edge")
    thread.start()
    try:
        yield url
    finally:
        serving.should_exit = True
        thread.join()


class GatewayProcess:
    """A gateway in its own process, on loopback; as a context manager it is stopped at the end.

    Attributes:
        url: Its address, without a slash at the end.
        edge_url: Its edge's address likewise; None if it has no edge.
        pid: Its number at the operating system.
        requests: Its request log so far; complete once the process is stopped or killed.
    """

    def __init__(
        self,
        data: Path,
        fault_plan: Path | None = None,
        port: int = 0,
        edge: tuple[Path, Path] | None = None,
        edge_port: int = 0,
    ) -> None:
        """Start it, and return once it listens.

        Args:
            data: The directory of its stores.
            fault_plan: A file of faults, as `dev.gateway.faults` describes it; none without.
            port: The port to listen on, so that a successor has the same address; 0 for a free one.
            edge: The certificate of its edge, and its key; there is no edge without.
            edge_port: The port of the edge likewise.

        Raises:
            RuntimeError: It did not start; it has said why on stderr.
        """
        module = ["gateway"] if fault_plan is None else ["dev.gateway.faults", str(fault_plan.resolve())]
        command = [sys.executable, "-m", *module, "serve", "--data", str(data.resolve()), "--port", str(port)]
        if edge is not None:
            certificate, key = map(str, edge)
            command += ["--edge-certificate", certificate, "--edge-key", key, "--edge-port", str(edge_port)]
        self._process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._stdout = self._process.stdout
        self.pid = self._process.pid
        first = self._stdout.readline()
        if not first:
            self._stdout.close()
            raise RuntimeError(f"The gateway did not start: exit status {self._process.wait()}.")
        told = orjson.loads(first)
        self.url: str = told["listening"]
        self.edge_url: str | None = told.get("edge")
        self.requests: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, name="gateway's log", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        """Return the process itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> int:
        """Ask it to stop, and return its exit status."""
        self._process.terminate()
        return self._ended()

    def kill(self) -> None:
        """End it with SIGKILL, wherever it is."""
        self._process.kill()
        self._ended()

    def _ended(self) -> int:
        status = self._process.wait()
        self._reader.join()
        self._stdout.close()
        return status

    def _read(self) -> None:
        self.requests.extend(orjson.loads(line) for line in self._stdout if line.endswith(b"\n"))
