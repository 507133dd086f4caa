"""A proxy before the storage emulator that answers wrongly as schedules ask.

`python -m dev.chaos.storage_proxy BLOBS TABLES` stands before the emulator's two services on those ports of loopback,
on a free port each, of which it prints the addresses in that order. An account meets the same plan at both. Paths below
`/chaos/` are for the harness alone (`dev.chaos.storage_control`); everything else goes through.
"""

import asyncio
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble
from dev.chaos.storage_requests import Request, blob_operation, table_operation
from dev.chaos.storage_wrongs import Answer, Broken, halved, in_place_of_blobs, in_place_of_tables

CONTROL: Final = "chaos"
_REQUEST_ID: Final = "x-ms-client-request-id"
_DELAY_SECONDS: Final = 0.2
_LATE_SECONDS: Final = 0.6
_MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(slots=True)
class Case:
    """What one account's requests meet.

    Attributes:
        seen: How often each operation was asked for since the plan was made.
        hits: How often each fault was met at each operation.
        troubles: The plan.
        last: The latest answer that each operation got.
        late: Requests that storage has not got yet.
    """

    seen: Counter[Operation] = field(default_factory=Counter)
    hits: Counter[tuple[Operation, StorageFault]] = field(default_factory=Counter)
    troubles: tuple[StorageTrouble, ...] = ()
    last: dict[Operation, Answer] = field(default_factory=dict)
    late: set[asyncio.Task[None]] = field(default_factory=set)

    def meet(self, operation: Operation) -> StorageFault | None:
        """Count a request, and return the fault for it."""
        self.seen[operation] += 1
        count = self.seen[operation]
        for trouble in self.troubles:
            if trouble.operation is operation and trouble.nth <= count < trouble.nth + trouble.times:
                self.hits[operation, trouble.fault] += 1
                return trouble.fault
        return None


@dataclass(frozen=True, slots=True)
class Service:
    """One of the emulator's services.

    Attributes:
        port: Where it listens.
        operation_of: What a request asks of it.
        in_place_of: The answer in its form that a fault puts in its place, None if storage is asked.
    """

    port: int
    operation_of: Callable[[Request], Operation]
    in_place_of: Callable[[StorageFault, Operation], Answer | None]


class Proxy:
    """Stands before one of the emulator's services, and knows what each account meets."""

    def __init__(self, service: Service, cases: defaultdict[str, Case]) -> None:
        self._service = service
        self._cases = cases

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what comes in over one connection, until either side closes it."""
        behind = Behind(self._service.port)
        try:
            while (request := await _read_request(reader)) is not None:
                if request.account == CONTROL:
                    answer = await self._control(request)
                else:
                    answer = await self._pass(request, behind)
                writer.write(answer.written)
                await writer.drain()
                if answer.closes:
                    break
        except (Broken, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            behind.close()
            writer.close()

    async def _control(self, request: Request) -> Answer:
        _, _, account, *rest = urlsplit(request.target).path.split("/")
        case = self._cases[account]
        if request.method == "PUT":
            case.seen.clear()
            case.troubles = tuple(
                StorageTrouble(Operation(operation), nth, StorageFault(fault), times)
                for operation, nth, fault, times in json.loads(request.body)
            )
        if rest == ["late"]:
            await asyncio.gather(*case.late)
        hits = [[operation.value, fault.value, times] for (operation, fault), times in case.hits.items()]
        return Answer.of(HTTPStatus.OK, json.dumps(hits).encode(), {"Content-Type": "application/json"})

    async def _pass(self, request: Request, behind: "Behind") -> Answer:
        case = self._cases[request.account]
        operation = self._service.operation_of(request)
        fault = case.meet(operation)
        stale = case.last.get(operation)
        if fault is None:
            answer = case.last[operation] = await behind.ask(request)
            return answer
        made_up = self._service.in_place_of(fault, operation)
        if made_up is not None:
            # To HEAD nobody sends a body, though the headers may tell of one.
            return replace(made_up, body=b"") if request.method == "HEAD" else made_up
        return await self._badly(fault, request, behind, case, stale)

    async def _badly(
        self, fault: StorageFault, request: Request, behind: "Behind", case: Case, stale: Answer | None
    ) -> Answer:
        match fault:
            case StorageFault.RESET_BEFORE:
                raise Broken
            case StorageFault.RESET_AFTER:
                await behind.ask(request)
                raise Broken
            case StorageFault.LATE:
                task = asyncio.create_task(_later(request, self._service.port))
                case.late.add(task)
                task.add_done_callback(case.late.discard)
                raise Broken
            case StorageFault.DELAYED:
                await asyncio.sleep(_DELAY_SECONDS)
            case StorageFault.TWICE:
                await behind.ask(request)
            case StorageFault.STALE if stale is not None:
                return stale
        answer = await behind.ask(request)
        if fault in {StorageFault.SHORT, StorageFault.CUT}:
            return halved(answer, says_so=fault is StorageFault.SHORT)
        return answer


class Behind:
    """A connection to the emulator, made when it is needed first."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> Answer:
        """Pass a request on, and return the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=_MOST_BYTES)
        reader, writer = self._streams
        writer.write(request.head + request.body)
        await writer.drain()
        answer = await _read_answer(reader, with_body=request.method != "HEAD")
        return _named(answer, request)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


async def _later(request: Request, port: int) -> None:
    await asyncio.sleep(_LATE_SECONDS)
    behind = Behind(port)
    try:
        await behind.ask(request)
    finally:
        behind.close()


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, headers = _parsed(head)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, target, _ = first.split(" ")
    return Request(method, target, headers, head, body)


async def _read_answer(reader: asyncio.StreamReader, *, with_body: bool) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    first, headers = _parsed(head)
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    body = b""
    if with_body and chunked:
        while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    elif with_body:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    kept = [line for line in head.decode("latin-1").split("\r\n")[1:-2] if not _is_framing(line)]
    length = str(len(body)) if with_body else headers.get("content-length")
    return Answer(first, tuple(kept), body, length)


def _named(answer: Answer, request: Request) -> Answer:
    # Storage names the request in every answer; the emulator does not in refusals, which then could not be told apart.
    asked = request.headers.get(_REQUEST_ID)
    if asked is None or any(line.lower().startswith(f"{_REQUEST_ID}:") for line in answer.headers):
        return answer
    return replace(answer, headers=(*answer.headers, f"{_REQUEST_ID}: {asked}"))


def _is_framing(line: str) -> bool:
    return line.partition(":")[0].strip().lower() in {"content-length", "transfer-encoding"}


def _parsed(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    pairs = (line.partition(":") for line in lines)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _main() -> None:
    blobs, tables = (int(port) for port in sys.argv[1:])
    services = (
        Service(blobs, blob_operation, in_place_of_blobs),
        Service(tables, table_operation, in_place_of_tables),
    )
    cases: defaultdict[str, Case] = defaultdict(Case)
    servers = [
        await asyncio.start_server(Proxy(service, cases).serve, "127.0.0.1", 0, limit=_MOST_BYTES)
        for service in services
    ]
    print(*(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/" for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(_main())
