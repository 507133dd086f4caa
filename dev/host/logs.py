"""The log of the host, and what the functions log, filtered by `host.json` as the real host does."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

from azure_functions_runtime import invocation_id_cv  # type: ignore[import-untyped]

from dev.host.host_json import HostJson

_LIBRARY = "azure.functions"  # the worker library's own log, of which the real host shows nothing below a warning
_FORMAT = logging.Formatter("{asctime}.{msecs:03.0f} {levelname} {category}: {message}", "%H:%M:%S", style="{")
# The library runs functions in threads that inherit no context, so this tells them from the host's own.
_in_host = ContextVar("in_host", default=False)


class HostLog(logging.Handler):
    """Writes one line a log record, if `host.json` lets its category through.

    What a function logs has the category `Function.NAME.User`, whatever the logger; what it logs in threads of its own
    has the category `Function`.
    """

    def __init__(self, host_json: HostJson, stream: TextIO = sys.stderr) -> None:
        super().__init__()
        self._host_json = host_json
        self._stream = stream
        self._functions: dict[str, str] = {}

    def install(self) -> None:
        """Take every record of this process. The root's level is the one that the worker sets in Azure."""
        _in_host.set(True)
        root = logging.getLogger()
        root.setLevel(logging.INFO)
        root.addHandler(self)

    @contextmanager
    def filed_under(self, function: str, invocation_id: str) -> Iterator[None]:
        """File under a function what is logged in this invocation."""
        self._functions[invocation_id] = function
        try:
            yield
        finally:
            del self._functions[invocation_id]

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or leave it out."""
        category, least = self._category(record.name)
        if record.levelno >= least:
            record.category = category
            print(_FORMAT.format(record), file=self._stream, flush=True)

    def _category(self, logger: str) -> tuple[str, int]:
        if logger == _LIBRARY:
            return logger, logging.WARNING
        if logger.startswith("Host."):
            return logger, self._host_json.log_level(logger)
        if _in_host.get():
            return "Host.General", logging.WARNING  # libraries that the real host does not have
        function = self._functions.get(invocation_id_cv.get() or "")
        category = f"Function.{function}.User" if function else "Function"
        return category, self._host_json.log_level(category)
