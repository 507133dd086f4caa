"""The function app's invocations, and what its process keeps from one to the next."""

import os
import threading
from dataclasses import dataclass

from shared.clock import SystemClock
from shared.delivery.lines import Lines
from shared.delivery.report import Outcome, log_line
from shared.errors import SluiceError
from shared.ingester import Ingester
from shared.library_logs import quiet_libraries
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class _Process:
    # What a process keeps from one invocation to the next.
    ingester: Ingester
    lines: Lines


class Invocations:
    """Opens the ingester at the first invocation, and logs what each one did.

    Only bugs are raised: the host would retry at once, five times, and then set the event aside, whereas the sweep
    delivers what an event could not.
    """

    def __init__(self) -> None:
        quiet_libraries()  # before the first event, for which the host's binding makes a client of its own
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def event(self, container: str, name: str) -> None:
        """Deliver what is new in the blob that an event named."""
        try:
            process = self._opened()
            process.lines.log(process.ingester.handle(container, name))
        except SluiceError as trouble:
            _log_trouble(trouble)

    def sweep(self) -> None:
        """Deliver what no event announced."""
        try:
            process = self._opened()
            process.ingester.health().log()
            for report in process.ingester.sweep():
                process.lines.log(report)
        except SluiceError as trouble:
            _log_trouble(trouble)

    def _opened(self) -> _Process:
        with self._lock:
            if self._process is None:
                settings, clock = Settings.from_environment(os.environ), SystemClock()
                self._process = _Process(Ingester.from_settings(settings, clock), Lines(clock, each=settings.log_each))
            return self._process


def _log_trouble(trouble: SluiceError) -> None:
    log_line(Outcome.of(trouble), {"message": str(trouble)})
