"""The function app's invocations, and what its process keeps from one to the next."""

import os
import threading

from shared.clock import SystemClock
from shared.delivery.report import Outcome, log_line
from shared.errors import SluiceError
from shared.ingester import Ingester
from shared.library_logs import quiet_libraries
from shared.settings import Settings


class Invocations:
    """Opens the ingester at the first invocation, and logs what each one did.

    Only bugs are raised: the host would retry at once, five times, and then set the event aside, whereas the sweep
    delivers what an event could not.
    """

    def __init__(self) -> None:
        quiet_libraries()  # before the first event, for which the host's binding makes a client of its own
        self._lock = threading.Lock()
        self._ingester: Ingester | None = None

    def event(self, container: str, name: str) -> None:
        """Deliver what is new in the blob that an event named."""
        try:
            self._opened().handle(container, name).log()
        except SluiceError as trouble:
            _log_trouble(trouble)

    def sweep(self) -> None:
        """Deliver what no event announced."""
        try:
            ingester = self._opened()
            ingester.health().log()
            for report in ingester.sweep():
                report.log()
        except SluiceError as trouble:
            _log_trouble(trouble)

    def _opened(self) -> Ingester:
        with self._lock:
            if self._ingester is None:
                self._ingester = Ingester.from_settings(Settings.from_environment(os.environ), SystemClock())
            return self._ingester


def _log_trouble(trouble: SluiceError) -> None:
    log_line(Outcome.of(trouble), {"message": str(trouble)})
