import asyncio
import datetime as dt

from dev.host import protos
from dev.host.functions import BlobTrigger, Function, Result, TimerTrigger
from dev.host.host import Host
from dev.host.host_json import HostJson
from dev.host.logs import HostLog

_TIMER = Function("sweep", "id", TimerTrigger("timer", "0 */10 * * * *"), ())
_BLOB = Function("on_log", "id", BlobTrigger("blob", "logs", "DATA"), ())


class _Worker:
    """Stands in for the library, which can index one app a process; its functions wait until they may go on."""

    functions = (_TIMER, _BLOB)

    def __init__(self) -> None:
        self.started: list[str] = []
        self.has_started_twice = asyncio.Event()
        self.go_on = asyncio.Event()
        self.failure: protos.RpcException | None = None

    async def invoke(self, function: Function, _value: protos.TypedData, _id: str) -> protos.RpcException | None:
        self.started.append(function.name)
        if len(self.started) == 2:
            self.has_started_twice.set()
        await self.go_on.wait()
        return self.failure


def _host(worker: _Worker) -> Host:
    return Host(worker, HostLog(HostJson(parallelism=1, tries=1, log_levels={})))  # type: ignore[arg-type]


def test_a_timer_never_runs_twice_at_once():
    async def scenario() -> list[str]:
        worker = _Worker()
        host = _host(worker)
        both = [asyncio.create_task(host.tick("sweep")) for _ in range(2)]
        await asyncio.sleep(0)
        started = list(worker.started)
        worker.go_on.set()
        await asyncio.gather(*both)
        assert len(worker.started) == 2
        return started

    assert asyncio.run(scenario()) == ["sweep"]


def test_blob_functions_run_side_by_side():
    async def scenario() -> None:
        worker = _Worker()
        host = _host(worker)
        both = [asyncio.create_task(host.run_on_blob("on_log", "logs", "a")) for _ in range(2)]
        await asyncio.sleep(0)
        assert (len(worker.started), host.running) == (2, 2)
        worker.go_on.set()
        await asyncio.gather(*both)
        assert host.running == 0

    asyncio.run(scenario())


def test_results_are_counted():
    async def scenario() -> None:
        worker = _Worker()
        worker.go_on.set()
        host = _host(worker)
        await host.tick("sweep")
        worker.failure = protos.RpcException("ValueError: no", "traceback")
        assert await host.tick("sweep") is Result.FAILED
        assert host.results == {("sweep", Result.SUCCEEDED): 1, ("sweep", Result.FAILED): 1}

    asyncio.run(scenario())


def test_a_timer_runs_when_its_schedule_says_so():
    async def scenario() -> None:
        worker = _Worker()
        worker.go_on.set()
        host = _host(worker)
        stopping = asyncio.Event()
        just_before = iter(dt.datetime(2026, 1, 1, 0, minute, 59, 999_000, dt.UTC) for minute in (9, 19, 20))
        following = asyncio.create_task(host.follow_schedules(lambda: next(just_before), stopping))
        await worker.has_started_twice.wait()
        stopping.set()
        await following
        assert worker.started == ["sweep", "sweep"]

    asyncio.run(asyncio.wait_for(scenario(), 10))
