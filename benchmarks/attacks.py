"""What a sender with one token, and a stranger without any, can do to a gateway; and the same load well behaved."""

import asyncio
import gzip
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import requests

from benchmarks.attacking import Count, Target
from benchmarks.bodies import Bodies, usual_body, usual_records
from benchmarks.connecting import REFUSED, connected, held, is_refusal, many
from benchmarks.visitor import Visitor

_AT_ONCE: Final = 8
"""Connections that a sender posts on, windows that a person has open, and connections of a flood."""


@dataclass(frozen=True, slots=True)
class Posting:
    """Posts one body after another, on eight connections, each as soon as the last is answered.

    Attributes:
        bodies: Makes them.
        records: How many records each has.
        key: The key of all; a new one for each without.
    """

    bodies: Bodies
    records: int
    key: str | None = None

    def __call__(self, target: Target, count: Count) -> None:
        """Post until the process is ended."""

        def body(chance: random.Random) -> bytes:
            return gzip.compress(self.bodies(chance, self.records), 1)

        _post(target, count, body, self.key, pause=0.0)


@dataclass(frozen=True, slots=True)
class Usual:
    """Posts usual records at a steady rate, as many requests and bytes as an attack has.

    Attributes:
        rate: Posts a second.
        size: Bytes of each as it is sent.
    """

    rate: float
    size: float

    def __call__(self, target: Target, count: Count) -> None:
        """Post until the process is ended."""
        records = usual_records(self.size)
        _post(target, count, lambda chance: usual_body(chance, records), None, pause=_AT_ONCE / self.rate)


def _post(
    target: Target, count: Count, body: Callable[[random.Random], bytes], key: str | None, *, pause: float
) -> None:
    customer = target.customer
    assert customer is not None

    def post() -> None:
        chance, session = random.Random(), requests.Session()
        time.sleep(chance.uniform(0, pause))
        while True:
            began = time.monotonic()
            sent = body(chance)
            named = headers(customer.subscription_token) | {"Idempotency-Key": key or f"{chance.getrandbits(60)}"}
            with suppress(requests.RequestException):
                answer = session.post(f"{target.url}/qas/flow-logs", data=sent, headers=named, timeout=60)
                count.add(len(sent))
                if answer.status_code >= REFUSED:
                    count.refuse()
            time.sleep(max(0.0, began + pause - time.monotonic()))

    threads = [threading.Thread(target=post) for _ in range(_AT_ONCE)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def headers(token: str) -> dict[str, str]:
    """Return what a post of flow records says of itself."""
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
    }


@dataclass(frozen=True, slots=True)
class Browsing:
    """Opens a page over and over, in eight windows of one person.

    Attributes:
        path: Its address.
        patience: After how many seconds it is left and opened anew.
        rate: Pages a second at most, in all windows together; as they are answered without.
    """

    path: str
    patience: float = 60.0
    rate: float | None = None

    def __call__(self, target: Target, count: Count) -> None:
        """Open it until the process is ended."""
        assert target.customer is not None
        cookie = Visitor(target.url, target.customer).cookie
        request = f"GET {self.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n".encode()
        pause = 0.2 if self.rate is None else _AT_ONCE / self.rate
        asyncio.run(many(lambda: _over_and_over(target, count, request, self.patience, pause), _AT_ONCE))


HEAVY: Final = "/top?range=all&by=pair&q=" + quote(
    " ".join(f"-rule:*{number}* -ip:10.{number}.0.0/16" for number in range(19))
)
"""A search of 38 terms, each of which has to be looked at."""
_HELD_SECONDS: Final = 65
"""Longer than the gateway waits for anything."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Opens connections from eleven addresses, as many as are let in, and says little on each.

    Attributes:
        connections: How many.
        begin: What it says at once.
        token: Whether the customer's token comes with it.
        then: What it says each second from then on.
        pause: Seconds until a connection that the gateway ended is opened anew.
    """

    connections: int
    begin: bytes = b""
    token: bool = False
    then: bytes = b""
    pause: float = 0.2

    def __call__(self, target: Target, count: Count) -> None:
        """Hold them until the process is ended, and open those anew that the gateway ends."""
        asyncio.run(many(lambda: self._hold(target, count), self.connections))

    async def _hold(self, target: Target, count: Count) -> None:
        while True:
            begin = self.begin
            if self.token:
                assert target.customer is not None
                token, key = target.customer.subscription_token, random.getrandbits(60)
                begin += f"Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\r\n".encode()
            await held(target, count, begin, _HELD_SECONDS, self.then)
            await asyncio.sleep(self.pause)


HALF_HEADERS: Final = b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "
POST: Final = (
    b"POST /qas/flow-logs HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n"
    b"Content-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\n"
)
"""The begin of a post whose body never comes."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Sends one request over and over, on eight connections, without a good token.

    Attributes:
        path: Where to.
        headers: What it says of itself.
        form: The body of a form, if it is one.
    """

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    form: str = ""

    def __call__(self, target: Target, count: Count) -> None:
        """Ask until the process is ended."""
        asyncio.run(many(lambda: self._ask(target, count), _AT_ONCE))

    async def _ask(self, target: Target, count: Count) -> None:
        request = self._request()
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await connected(target)
                for _ in range(50):
                    writer.write(request)
                    count.add(len(request))
                    head = await reader.readuntil(b"\r\n\r\n")
                    if is_refusal(head):
                        count.refuse()
                    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                    await reader.readexactly(int(length or 0))
                writer.close()

    def _request(self) -> bytes:
        said = (("Host", "x"), ("Content-Length", str(len(self.form))), *self.headers)
        if self.form:
            said = (*said, ("Content-Type", "application/x-www-form-urlencoded"))
        lines = (
            f"{'POST' if self.form else 'GET'} {self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in said),
        )
        return ("\r\n".join(lines) + f"\r\n\r\n{self.form}").encode()


async def _over_and_over(target: Target, count: Count, request: bytes, patience: float, pause: float) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(random.uniform(0, pause))
    while True:
        began = loop.time()
        await held(target, count, request, patience)
        await asyncio.sleep(max(0.0, began + pause - loop.time()))
