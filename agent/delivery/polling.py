"""Polling the edge for what to do: a long poll, so that the machine needs no open port."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from agent.delivery.backoff import Backoff
from agent.delivery.edge import Edge
from agent.delivery.settings import Settings, parse_settings, unknown_names
from agent.errors import AgentError, EdgeAway

_logger = logging.getLogger("agent.polling")
_AT_LEAST_SECONDS: Final = 1.0
"""Seconds between two polls, in case the edge does not delay its answers."""


class Polling:
    """Polls repeatedly, and passes on new settings."""

    def __init__(self, edge: Edge, apply: Callable[[Settings], None], backoff: Backoff) -> None:
        self._edge = edge
        self._apply = apply
        self._backoff = backoff
        self._settings: Settings | None = None
        self._trouble: str | None = None
        self._ignored: frozenset[str] = frozenset()

    def step(self) -> float:
        """Poll once; return the seconds to wait before the next poll."""
        try:
            document = self._edge.ask(self._settings.etag if self._settings else None)
            self._report_unknown(unknown_names(document))
            settings = parse_settings(document)
        except AgentError as error:
            if str(error) != self._trouble:
                _logger.error("%s", error)
            self._trouble = str(error)
            return self._backoff.wait(error.wait if isinstance(error, EdgeAway) else None)
        if self._trouble is not None:
            _logger.warning("The edge answers again.")
        self._trouble = None
        self._backoff.reset()
        if settings != self._settings:
            self._apply(settings)
        self._settings = settings
        return _AT_LEAST_SECONDS

    def _report_unknown(self, names: frozenset[str]) -> None:
        if names - self._ignored:
            _logger.warning("The edge sends %d settings that this agent does not know, and ignores.", len(names))
        self._ignored = names
