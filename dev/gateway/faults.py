"""Faults on demand, for tests and chaos runs: a layer around the application that nothing in normal use puts there.

`python -m dev.gateway.faults PLAN serve ...` serves a gateway with the faults of a JSON file:

    {"seed": 7, "script": [{"answer": 503, "retryAfter": 2}, null, "lost-reply"], "chances": [[0.1, "reset"]]}

First the script is played, one entry a request (`null` lets a request pass), then each request meets at most one fault,
by chance. A fault is `{"answer": STATUS, "retryAfter": SECONDS}`, `{"slow": SECONDS}`, `"wrong-sum"`, `"not-json"`,
`"reset"` or `"lost-reply"`.
"""

import argparse
import asyncio
import os
import socket
import struct
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol

import orjson
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.api.errors import error_response
from gateway.cli import say, write_line
from gateway.serving import add_serve_arguments, serve


class Fault(Protocol):
    """One way to fail. Its name is what it is counted and logged under."""

    @property
    def name(self) -> str:
        """What it is counted and logged under."""

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the application's place for one request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answers by itself; nothing is stored.

    Attributes:
        status: The HTTP status; one from 300 to 399 points to another address.
        retry_after: Seconds, for the header of that name.
        body: Sent in place of a JSON error, as `application/json`.
        label: Its name, if the status does not say enough.
    """

    status: int
    retry_after: int | None = None
    body: bytes | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """What it is counted and logged under."""
        return self.label or f"answer {self.status}"

    async def strike(self, _app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the application's place for one request."""
        if self.body is None:
            response: Response = error_response(
                self.status, "fault_on_demand", "This failure was requested by a fault plan."
            )
        else:
            response = Response(self.body, self.status, media_type="application/json")
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        if 300 <= self.status < 400:  # noqa: PLR2004 - the redirections
            response.headers["Location"] = "/elsewhere"
        await response(scope, receive, send)


WRONG_SUM: Final = Answer(202, None, b'{"accepted": 1000000000, "duplicate": false, "rejected": []}', "wrong-sum")
"""Says accepted, in numbers that cannot be true."""
NOT_JSON: Final = Answer(202, None, b"<html>Welcome to the proxy</html>", "not-json")
"""Says accepted, as something does that is not a gateway."""


@dataclass(frozen=True, slots=True)
class Slow:
    """Waits before the application gets the request.

    Attributes:
        seconds: How long.
    """

    seconds: float
    name: str = "slow"

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the application's place for one request."""
        await asyncio.sleep(self.seconds)
        await app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Reset:
    """Resets the connection; nothing is stored."""

    name: str = "reset"

    async def strike(self, _app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
        """Take the application's place for one request."""
        await _drop(scope, receive)


@dataclass(frozen=True, slots=True)
class LostReply:
    """Lets the application do its work, and drops the connection in place of the answer."""

    name: str = "lost-reply"

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, _send: Send) -> None:
        """Take the application's place for one request."""

        async def lose(_message: Message) -> None:
            pass

        await app(scope, receive, lose)
        await _drop(scope, receive)


class Faults:
    """Decides which request meets which fault, and counts.

    Attributes:
        hits: How often each fault was met, by its name.
    """

    def __init__(
        self, script: Iterable[Fault | None] = (), chances: Sequence[tuple[float, Fault]] = (), seed: int = 0
    ) -> None:
        """Make a plan.

        Args:
            script: The faults of the first requests, None for a request that passes.
            chances: What follows the script: probabilities, which add up to at most 1, and their faults.
            seed: For the same choices in every run.
        """
        self.hits: Counter[str] = Counter()
        self._script = deque(script)
        self._chances = chances
        self._random = Random(seed)
        self._lock = threading.Lock()

    def play(self, *faults: Fault | None) -> None:
        """Add to the end of the script."""
        with self._lock:
            self._script.extend(faults)

    def next(self) -> Fault | None:
        """Return the fault of the next request, and count it."""
        with self._lock:
            fault = self._script.popleft() if self._script else self._by_chance()
            if fault is not None:
                self.hits[fault.name] += 1
            return fault

    def _by_chance(self) -> Fault | None:
        dice = self._random.random()
        for chance, fault in self._chances:
            dice -= chance
            if dice < 0:
                return fault
        return None


class FaultLayer:
    """ASGI middleware that lets faults strike requests to one path, and all below it."""

    def __init__(self, app: ASGIApp, faults: Faults, path: str = "/qas/flow-logs") -> None:
        self._app = app
        self._faults = faults
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or let a fault have it."""
        struck = scope["type"] == "http" and scope["path"].startswith(self._path)
        fault = self._faults.next() if struck else None
        if fault is None:
            await self._app(scope, receive, send)
        else:
            scope["state"]["fault"] = fault.name
            await fault.strike(self._app, scope, receive, send)


class DroppableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with the connection in the request's state, so that a fault can drop it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def _drop(scope: Scope, receive: Receive) -> None:
    """Reset the connection of a request, whatever was still to be sent or read."""
    transport: asyncio.Transport = scope["state"]["transport"]
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def read_plan(plan: bytes) -> Faults:
    """Read a plan, in the form that the module's description gives.

    Raises:
        ValueError: It is in another form.
    """
    value = orjson.loads(plan)
    if not isinstance(value, dict) or not value.keys() <= {"seed", "script", "chances"}:
        raise ValueError(
            "A plan of faults is a JSON object with seed, script and chances, all of which may be left out."
        )
    script = [None if entry is None else _fault(entry) for entry in value.get("script", [])]
    chances = [(float(chance), _fault(entry)) for chance, entry in value.get("chances", [])]
    return Faults(script, chances, value.get("seed", 0))


def _fault(entry: Any) -> Fault:  # noqa: ANN401 - JSON
    match entry:
        case {"answer": int(status)}:
            return Answer(status, entry.get("retryAfter"))
        case {"slow": int() | float() as seconds}:
            return Slow(seconds)
        case "wrong-sum":
            return WRONG_SUM
        case "not-json":
            return NOT_JSON
        case "reset":
            return Reset()
        case "lost-reply":
            return LostReply()
    raise ValueError(f"{entry!r} is not a fault. The description of dev.gateway.faults lists them.")


def main(plan: Path, words: Sequence[str]) -> None:
    """Serve with the faults of a plan, whatever `python -m gateway serve` would be given."""
    parser = argparse.ArgumentParser(prog="python -m dev.gateway.faults PLAN")
    command = parser.add_subparsers(required=True).add_parser("serve")
    command.add_argument("--data", type=Path, required=True)
    add_serve_arguments(command)
    os.umask(0o077)
    layer = Middleware(FaultLayer, faults=read_plan(plan.read_bytes()))
    serve(parser.parse_args(words), write_line, say, [layer], DroppableProtocol)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
