"""What a sender with one token, and a stranger without any, can do to a gateway; and the same load well behaved.

Each runs in a process of its own at low priority: on two cores the work of making an attack would otherwise be measured
instead of what the attack does.
"""

import asyncio
import gzip
import multiprocessing
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson
import requests

from benchmarks.visitor import Visitor
from gateway.local import Customer

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_RECORD: Final = {
    "time": 1_795_447_800_000,
    "src_ip": "10.20.4.17",
    "src_port": 44_931,
    "dst_ip": "13.107.21.200",
    "dst_port": 443,
    "protocol": 6,
    "direction": "outbound",
    "decision": "allow",
    "state": "continue",
    "encryption": "NX",
    "packets_src_to_dst": 1,
    "bytes_src_to_dst": 66,
    "packets_dst_to_src": 2,
    "bytes_dst_to_src": 132,
    "rule": "DefaultRule_AllowInternetOutBound",
    "mac": "00224871C205",
    "acl_id": None,
    "resource_id": "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Network/virtualNetworks/vnet",
    "flow_log_id": "/subscriptions/s/resourceGroups/watcher/flowLogs/vnet",
    "source": "vnet",
    "version": 4,
}
_HOUR_MS: Final = 3_600_000
_NICENESS: Final = 15
_PAUSE: Final = 0.2
"""Seconds between two posts of a sender, so that an attack and the same load well behaved are as many."""
_APART: Final = multiprocessing.get_context("spawn")

type Bodies = Callable[[random.Random, int], bytes]
"""Makes a body of so many records."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is attacked.

    Attributes:
        url: The gateway.
        customer: Whose token a sender has; None for a stranger.

    """

    url: str
    customer: Customer | None


type Attack = Callable[[Target, "Count"], None]
"""Goes on until its process is ended, and counts what it does."""


class Count:
    """How much an attack did, seen from outside its process."""

    def __init__(self) -> None:
        self.requests: Synchronized[int] = _APART.Value("q", 0)
        self.bytes: Synchronized[int] = _APART.Value("q", 0)

    def add(self, size: int) -> None:
        """Count a request of so many bytes."""
        with self.requests.get_lock():
            self.requests.value += 1
            self.bytes.value += size


@contextmanager
def under(attack: Attack | None, target: Target) -> Iterator[Count]:
    """Attack for as long as the block lasts; with None do nothing."""
    count = Count()
    if attack is None:
        yield count
        return
    process = _APART.Process(target=_run, args=(attack, target, count), daemon=True)
    process.start()
    try:
        yield count
    finally:
        process.kill()
        process.join()


def _run(attack: Attack, target: Target, count: Count) -> None:
    os.nice(_NICENESS)
    attack(target, count)


@dataclass(frozen=True, slots=True)
class Posting:
    """Posts one body after another, five a second at most, each under a key of its own.

    Attributes:
        bodies: Makes them.
        records: How many records each has.

    """

    bodies: Bodies
    records: int

    def __call__(self, target: Target, count: Count) -> None:
        """Post until the process is ended."""
        assert target.customer is not None
        chance, session = random.Random(time.time_ns()), requests.Session()
        sent = headers(target.customer.subscription_token)
        while True:
            began = time.monotonic()
            body = gzip.compress(self.bodies(chance, self.records), 1)
            key = {"Idempotency-Key": f"attack-{chance.getrandbits(60)}"}
            with suppress(requests.RequestException):
                session.post(f"{target.url}/qas/flow-logs", data=body, headers=sent | key, timeout=60)
            count.add(len(body))
            time.sleep(max(0.0, began + _PAUSE - time.monotonic()))


def headers(token: str) -> dict[str, str]:
    """Return what a post of flow records says of itself."""
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
    }


def _lines(records: int, change: Callable[[int], dict[str, Any]]) -> bytes:
    return b"\n".join(orjson.dumps(_RECORD | change(number)) for number in range(records))


def usual(chance: random.Random, records: int) -> bytes:
    """Records as a NIC's flow log has them within a few minutes."""
    now = time.time_ns() // 1_000_000
    return _lines(
        records,
        lambda _: {
            "time": now - chance.randrange(120_000),
            "src_port": chance.randrange(1024, 65_536),
            "dst_ip": f"13.107.{chance.randrange(20)}.{chance.randrange(250)}",
        },
    )


def usual_body(number: int) -> bytes:
    """Return a small post as the function app sends it."""
    return gzip.compress(usual(random.Random(number), 5), 1)


def long_texts(chance: random.Random, records: int) -> bytes:
    """Names as long as may be, each another one."""
    return _lines(records, lambda _: {"rule": f"{chance.getrandbits(2000):0512x}"[:512]})


def many_texts(chance: random.Random, records: int) -> bytes:
    """Short names, each another one, in everything that has a name."""
    return _lines(
        records,
        lambda _: {
            "rule": f"UserRule_{chance.getrandbits(40):x}",
            "mac": f"{chance.getrandbits(48):012X}",
            "resource_id": f"/subscriptions/{chance.getrandbits(40):x}",
        },
    )


def many_hours(chance: random.Random, records: int) -> bytes:
    """Invented addresses, scattered over the hours of a century."""
    return _lines(
        records,
        lambda _: {
            "time": 946_684_800_000 + chance.randrange(876_000) * _HOUR_MS,
            "src_ip": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}",
            "direction": chance.choice(("inbound", "outbound")),
        },
    )


def many_addresses(chance: random.Random, records: int) -> bytes:
    """Invented addresses in the present hour."""
    now = time.time_ns() // 1_000_000
    return _lines(
        records,
        lambda _: {
            "time": now,
            "src_ip": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}",
            "mac": f"{chance.getrandbits(12):012X}",
        },
    )


def no_records(_chance: random.Random, records: int) -> bytes:
    """Lines that are no record, each of which has to be answered."""
    return b"\n".join([b'{"time":1}'] * records)


@dataclass(frozen=True, slots=True)
class Browsing:
    """Opens a page over and over, by eight windows of one person.

    Attributes:
        path: Its address.
        patience: After how many seconds it is left and opened anew.

    """

    path: str
    patience: float = 60.0

    def __call__(self, target: Target, count: Count) -> None:
        """Open it until the process is ended."""
        assert target.customer is not None
        cookie = Visitor(target.url, target.customer).cookie
        request = f"GET {self.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n".encode()
        asyncio.run(_many(lambda: self._open(target, count, request), 8))

    async def _open(self, target: Target, count: Count, request: bytes) -> None:
        while True:
            await _held(target, count, request, self.patience)


HEAVY: Final = "/top?range=all&by=pair&q=" + requests.utils.quote(
    " ".join(f"-rule:*{number}* -ip:10.{number}.0.0/16" for number in range(19))
)
"""A search of 38 terms, each of which has to be looked at."""


def silent(target: Target, count: Count) -> None:
    """Open connections and say nothing, from eleven addresses, as many as are let in."""

    async def connect() -> None:
        while True:
            await _held(target, count, b"", seconds=10)

    asyncio.run(_many(connect, 1300))


def half_headers(target: Target, count: Count) -> None:
    """Begin headers and never end them."""

    async def connect() -> None:
        while True:
            await _held(target, count, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", seconds=10)

    asyncio.run(_many(connect, 1300))


def slow_bodies(target: Target, count: Count) -> None:
    """Announce bodies, and send no more than their begin."""
    head = (
        b"POST /qas/flow-logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nothing\r\nContent-Length: 32000000\r\n\r\n"
    )

    async def connect() -> None:
        while True:
            await _held(target, count, head, seconds=10)

    asyncio.run(_many(connect, 500))


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
        asyncio.run(_many(lambda: self._ask(target, count), 8))

    async def _ask(self, target: Target, count: Count) -> None:
        request = self._request()
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await _connected(target)
                for _ in range(50):
                    writer.write(request)
                    count.add(len(request))
                    head = await reader.readuntil(b"\r\n\r\n")
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


async def _held(target: Target, count: Count, begin: bytes, seconds: float) -> None:
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(seconds):
            reader, writer = await _connected(target)
            writer.write(begin)
            count.add(len(begin))
            try:
                await reader.read()
            finally:
                writer.close()
    await asyncio.sleep(0.2)


async def _connected(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect from one of eleven addresses of loopback, none of which is another customer's."""
    own = socket.socket()
    own.setblocking(False)
    own.bind((f"127.0.0.{random.randrange(10, 21)}", 0))
    try:
        await asyncio.get_running_loop().sock_connect(own, _address(target.url))
        return await asyncio.open_connection(sock=own)
    except BaseException:
        own.close()
        raise


async def _many(one: Callable[[], Any], count: int) -> None:
    await asyncio.gather(*(one() for _ in range(count)))


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0
