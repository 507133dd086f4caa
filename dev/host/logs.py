"""The log of the host, and what the functions log, shown and left out as by the real host.

The worker sends each line with the id of the invocation that it belongs to, which it knows of the task that serves the
invocation and of the one thread that runs the function (proxy_worker/dispatcher.py, get_current_invocation_id). The
host looks the id up among the invocations under way, and does nothing with a line of any other (GrpcWorkerChannel.Log).
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

from azure_functions_runtime import invocation_id_cv  # type: ignore[import-untyped]

from dev.host.host_json import HostJson

# The worker's own loggers and its library's: their lines are for Microsoft alone (proxy_worker/logging.py).
_SYSTEM = ("proxy_worker", "azure.functions", "azure_functions_runtime")
_LIBRARIES = "Host.General"  # of this host, which the real one does not have
_FORMAT = logging.Formatter("{asctime}.{msecs:03.0f} {levelname} {category}: {message}", "%H:%M:%S", style="{")
# Set in the host's own tasks and threads. The library runs functions in threads that inherit no context.
_in_host = ContextVar("in_host", default=False)


class HostLog(logging.Handler):
    """Writes one line a log record, if Azure would show it and `host.json` lets its category through.

    What is logged in an invocation has the category `Function.NAME.User`, whatever the logger. What the app logs
    outside of one is dropped: while it is imported, and in threads that a function starts.
    """

    def __init__(self, host_json: HostJson, stream: TextIO = sys.stderr) -> None:
        super().__init__()
        self._host_json = host_json
        self._stream = stream
        self._functions: dict[str, str] = {}

    def install(self) -> None:
        """Take every record of this process. The root's level is the one that the worker sets in Azure."""
        root = logging.getLogger()
        root.setLevel(logging.INFO)
        root.addHandler(self)

    @staticmethod
    def begin_host() -> None:
        """Take what this task logs from here on, and those that it starts, for the host's own, but in invocations."""
        _in_host.set(True)

    @contextmanager
    def filed_under(self, function: str, invocation_id: str) -> Iterator[None]:
        """File under a function what is logged in this invocation, for as long as it is under way."""
        self._functions[invocation_id] = function
        in_host, known = _in_host.set(False), invocation_id_cv.set(invocation_id)
        try:
            yield
        finally:
            invocation_id_cv.reset(known)
            _in_host.reset(in_host)
            del self._functions[invocation_id]

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or leave it out."""
        category = self._category(record)
        if category is not None and record.levelno >= self._least(category):
            record.category = category
            print(_FORMAT.format(record), file=self._stream, flush=True)

    def _category(self, record: logging.LogRecord) -> str | None:
        if record.name.startswith(_SYSTEM):
            return None
        if _in_host.get():
            return record.name if record.name.startswith("Host.") else _LIBRARIES
        function = self._functions.get(invocation_id_cv.get() or "")
        return function and f"Function.{function}.User"

    def _least(self, category: str) -> int:
        return logging.WARNING if category == _LIBRARIES else self._host_json.log_level(category)
