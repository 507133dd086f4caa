"""Calls the functions of an app, keeps count of how that ended, and ticks the timers."""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import uuid4

from cronsim import CronSim

from dev.host import protos
from dev.host.functions import BlobTrigger, Function, Result, TimerTrigger
from dev.host.logs import HostLog
from dev.host.worker import Worker, blob_reference, timer_tick

_logger = logging.getLogger("Host.Results")


class Host:
    """The functions of one app, and how often each has succeeded and failed since the start."""

    def __init__(self, worker: Worker, log: HostLog) -> None:
        self._worker = worker
        self._log = log
        self.functions: Mapping[str, Function] = {function.name: function for function in worker.functions}
        self.results: Counter[tuple[str, Result]] = Counter()
        self.running = 0
        self._timers = {f.name: asyncio.Lock() for f in worker.functions if isinstance(f.trigger, TimerTrigger)}

    async def run_on_blob(self, name: str, container: str, blob: str) -> Result:
        """Run a blob function. Raises KeyError if there is no function of this name."""
        function = self.functions[name]
        if not isinstance(function.trigger, BlobTrigger):
            raise KeyError(name)
        return await self._invoke(function, blob_reference(function.trigger.connection, container, blob))

    async def tick(self, name: str, *, past_due: bool = False) -> Result:
        """Run a timer function, once a run under way has ended. Raises KeyError if there is no such function."""
        async with self._timers[name]:  # a timer never runs twice at once
            return await self._invoke(self.functions[name], timer_tick(past_due=past_due))

    async def follow_schedules(self, now: Callable[[], datetime], stopping: asyncio.Event) -> None:
        """Run every timer function when its schedule says so, until told to stop."""
        await asyncio.gather(*(self._follow(name, now, stopping) for name in self._timers))

    async def _follow(self, name: str, now: Callable[[], datetime], stopping: asyncio.Event) -> None:
        trigger = self.functions[name].trigger
        assert isinstance(trigger, TimerTrigger)
        while True:
            started = now()
            due: datetime = next(CronSim(trigger.schedule, started))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), (due - started).total_seconds())
            if stopping.is_set():
                return
            await self.tick(name)

    async def _invoke(self, function: Function, value: protos.TypedData) -> Result:
        started = time.monotonic()
        invocation_id = str(uuid4())
        self.running += 1
        try:
            with self._log.filed_under(function.name, invocation_id):
                failure = await self._worker.invoke(function, value, invocation_id)
        finally:
            self.running -= 1
        result = Result.FAILED if failure else Result.SUCCEEDED
        self.results[function.name, result] += 1
        milliseconds = (time.monotonic() - started) * 1000
        if failure:
            _logger.error("%s %s in %.0f ms: %s", function.name, result, milliseconds, failure.stack_trace)
        else:
            _logger.info("%s %s in %.0f ms", function.name, result, milliseconds)
        return result
