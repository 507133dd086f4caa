"""A stand-in for the gateway that reads, counts and answers correctly, so that no gateway's own speed is measured.

It runs in a process of its own (`python -m benchmarks.gateway` prints its address). The path says how long an answer
takes, in milliseconds: with `http://127.0.0.1:PORT/30` as `APIGW_URL` every post is answered after 30 ms.
"""

import asyncio
import contextlib
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
import uvicorn
from isal import isal_zlib
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from dev.processes import background

_ROOT = Path(__file__).resolve().parent.parent
_GZIP = 31  # zlib's number for a gzip container
_ADDRESS = re.compile(r"^(http://\S+)$", re.MULTILINE)


@dataclass(slots=True)
class Taken:
    """What was accepted so far: posts, flow records, and when the last answer went out (`time.monotonic()`)."""

    posts: int = 0
    records: int = 0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running stand-in."""

    address: str

    def url(self, latency_ms: int = 0) -> str:
        """The address of a gateway that answers after so many milliseconds."""
        return f"{self.address}/{latency_ms}"

    def taken(self) -> Taken:
        """Ask what was accepted so far."""
        return Taken(**requests.get(f"{self.address}/taken", timeout=10).json())


@contextlib.contextmanager
def gateway() -> Iterator[Gateway]:
    """Run a stand-in for as long as the block lasts."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        background(
            "The stand-in gateway",
            [sys.executable, "-m", "benchmarks.gateway"],
            output=Path(scratch) / "output",
            ready=lambda output: found[1] if (found := _ADDRESS.search(output)) else None,
            directory=_ROOT,
            environment=os.environ,
        ) as (_, address),
    ):
        yield Gateway(address)


def _app() -> Starlette:
    taken = Taken()

    async def post(request: Request) -> JSONResponse:
        lines = isal_zlib.decompress(await request.body(), _GZIP).count(b"\n")
        await asyncio.sleep(request.path_params["latency"] / 1000)
        taken.posts += 1
        taken.records += lines
        taken.last = time.monotonic()
        return JSONResponse({"accepted": lines, "duplicate": False, "rejected": []}, status_code=202)

    async def tell(_: Request) -> JSONResponse:
        return JSONResponse({"posts": taken.posts, "records": taken.records, "last": taken.last})

    return Starlette(routes=[Route("/{latency:int}/qas/flow-logs", post, methods=["POST"]), Route("/taken", tell)])


def _main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Without it small answers wait 40 ms for the client's delayed acknowledgement: asyncio sees to that only on
        # sockets that name their protocol.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        settings = uvicorn.Config(_app(), log_level="warning", access_log=False, timeout_keep_alive=600)
        uvicorn.Server(settings).run(sockets=[listener])


if __name__ == "__main__":
    _main()
