"""The reference gateway in a process of its own, made to fail as schedules ask.

`python -m dev.chaos.gateway DIRECTORY` serves it on a free port of loopback. Everything below `/chaos/` is for the
harness alone (`dev.chaos.control` calls it); everything else is the gateway's own API.
"""

import gzip
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dev.chaos.case import Case
from dev.chaos.failures import Failure, Refusal
from dev.chaos.hold import Hold
from dev.chaos.logs import REFUSED_ADDRESS, REJECTED_ADDRESS
from dev.gateway.faults import Answer, DroppableProtocol
from gateway.app import create_app
from gateway.clock import utc_now
from gateway.server import end_on_signals, server
from gateway.site import Site
from gateway.stores.stores import Stores, open_stores

CONTROL: Final = "/chaos"
_YEAR: Final = timedelta(days=365)
_REFUSES: Final = Answer(400)
_NONSENSE: Final = b'{"nonsense": true}'


class Bench:
    """ASGI middleware that stands before the gateway: it plays the schedules' failures, and answers the harness."""

    def __init__(self, app: ASGIApp, stores: Stores) -> None:
        self._app = app
        self._stores = stores
        self._cases: dict[int, Case] = {}
        self._holds: dict[str, Hold] = {}
        self._control = Starlette(
            routes=[
                Route(f"{CONTROL}/cases", self._begin, methods=["POST"]),
                Route(f"{CONTROL}/cases/{{customer:int}}", self._result, methods=["GET"]),
                Route(f"{CONTROL}/cases/{{customer:int}}/failures", self._plan, methods=["PUT"]),
                Route(f"{CONTROL}/cases/{{customer:int}}/token", self._revoke, methods=["DELETE"]),
                Route(f"{CONTROL}/cases/{{customer:int}}/token", self._renew, methods=["POST"]),
                Route(f"{CONTROL}/holds/{{key}}", self._hold, methods=["POST"]),
                Route(f"{CONTROL}/holds/{{key}}", self._held, methods=["GET"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of the harness, or let a post meet what is planned for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(CONTROL):
            await self._control(scope, receive, send)
            return
        token = Headers(scope=scope).get("authorization", "").removeprefix("Bearer ")
        case = next((case for case in self._cases.values() if token in case.tokens), None)
        if case is None:
            await self._app(scope, receive, send)
        else:
            with suppress(ClientDisconnect):  # its sender was killed before all of it had left
                await self._post(case, scope, receive, send)

    async def _post(self, case: Case, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope)["idempotency-key"]
        lines = gzip.decompress(await Request(scope, receive).body()).splitlines()
        case.arrived(lines)

        async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
            case.reached.add(key)
            if any(_mentions(line, REFUSED_ADDRESS) for line in lines):
                case.hits[Refusal.LINE_REFUSED.value] += 1
                await _REFUSES.strike(self._app, scope, receive, send)
            else:
                await self._app(scope, receive, _watching(send, case.answered))

        body = {"type": "http.request", "body": _spoilt(lines, case), "more_body": False}
        received = _playing(body, receive)
        hold = self._holds.get(key)
        if hold is not None and not hold.held.is_set():
            case.reached.add(key)
            await hold.strike(gateway, scope, received, send)
        elif (fault := case.fault(key, lines)) is not None:
            await fault.strike(gateway, scope, received, send)
        else:
            await gateway(scope, received, send)

    async def _begin(self, request: Request) -> Response:
        asked = await request.json()
        customer = self._stores.accounts.add_customer(asked["name"])
        case = self._cases[customer] = Case(customer, asked["takesMoreLater"])
        return _json({"customer": customer, "token": self._new_token(case)})

    async def _plan(self, request: Request) -> Response:
        failures = {int(nth): Failure(value) for nth, value in (await request.json()).items()}
        self._case(request).plan(failures)
        return _json({})

    async def _revoke(self, request: Request) -> Response:
        case = self._case(request)
        case.revoked = True
        for token in self._stores.tokens.all(case.customer):
            self._stores.tokens.revoke(case.customer, token.number, utc_now())
        return _json({})

    async def _renew(self, request: Request) -> Response:
        return _json({"token": self._new_token(self._case(request))})

    async def _result(self, request: Request) -> Response:
        case = self._case(request)
        sent_twice = case.sent.total() - len(case.sent)
        records = await run_in_threadpool(lambda: list(self._stores.records.records(case.customer)))
        return _json(
            {
                "posts": case.posts,
                "hits": case.hits,
                "unexpected": case.unexpected,
                "sentTwice": sent_twice,
                "records": records,
            }
        )

    async def _hold(self, request: Request) -> Response:
        self._holds[request.path_params["key"]] = Hold((await request.json())["linger"])
        return _json({})

    async def _held(self, request: Request) -> Response:
        await self._holds[request.path_params["key"]].held.wait()
        return _json({})

    def _case(self, request: Request) -> Case:
        return self._cases[request.path_params["customer"]]

    def _new_token(self, case: Case) -> str:
        token, _ = self._stores.tokens.add(case.customer, utc_now(), _YEAR)
        case.tokens.append(token)
        return token


def main() -> None:
    """Serve until SIGTERM, and say first where."""
    with open_stores(Path(sys.argv[1])) as stores, socket.create_server(("127.0.0.1", 0)) as listener:
        site = Site(f"http://127.0.0.1:{listener.getsockname()[1]}")
        bench = Middleware(Bench, stores=stores)
        serving = server(
            create_app(stores, site, utc_now, lambda _entry: None, middleware=[bench]), protocol=DroppableProtocol
        )
        end_on_signals(serving)
        print(f"{site.url}/", flush=True)
        serving.run(sockets=[listener])


def _spoilt(lines: list[bytes], case: Case) -> bytes:
    # The body as the gateway proper gets it: with nonsense in place of the lines that it is to reject.
    kept = [_NONSENSE if _mentions(line, REJECTED_ADDRESS) else line for line in lines]
    if kept != lines:
        case.hits[Refusal.LINE_REJECTED.value] += 1
    return gzip.compress(b"\n".join([*kept, b""]), 1)


def _mentions(line: bytes, address: str) -> bool:
    return f'"{address}"'.encode() in line


def _playing(request: Message, receive: Receive) -> Receive:
    first = [request]

    async def play() -> Message:
        return first.pop() if first else await receive()

    return play


def _watching(send: Send, see: Callable[[int], None]) -> Send:
    async def watch(message: Message) -> None:
        if message["type"] == "http.response.start":
            see(message["status"])
        await send(message)

    return watch


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


if __name__ == "__main__":
    main()
