"""The settings that the edge can send: whether to collect, and how often. Nothing else has any effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from agent.errors import EdgeError
from agent.foreign import shape

INTERVAL_MIN_SECONDS: Final = 10
INTERVAL_MAX_SECONDS: Final = 3600
_ETAG_MAX: Final = 200
_NAMES: Final = frozenset({"collect", "interval_seconds", "etag"})


class Settings(NamedTuple):
    """The settings.

    Attributes:
        collect: Whether to read the connection table at all.
        interval_seconds: How much time one delivery covers; None while nothing is collected.
        etag: The edge's identifier for these settings.
    """

    collect: bool
    interval_seconds: int | None
    etag: str


def parse_settings(document: Mapping[str, object]) -> Settings:
    """Return the settings that the edge sent.

    Raises:
        EdgeError: One is missing or out of range; the last valid ones stay in effect.
    """
    collect, interval, etag = (document.get(name) for name in ("collect", "interval_seconds", "etag"))
    if not isinstance(collect, bool):
        message = (
            f"The edge's setting collect must be true or false, not {shape(collect)}; the last settings stay in effect."
        )
        raise EdgeError(message)
    if not isinstance(etag, str) or not (0 < len(etag) <= _ETAG_MAX and etag.isascii() and etag.isprintable()):
        message = f"The edge's setting etag must be a short text, not {shape(etag)}; the last settings stay in effect."
        raise EdgeError(message)
    if not collect:
        return Settings(collect=False, interval_seconds=None, etag=etag)
    if type(interval) is not int or not INTERVAL_MIN_SECONDS <= interval <= INTERVAL_MAX_SECONDS:
        message = (
            f"The edge's setting interval_seconds must be from {INTERVAL_MIN_SECONDS} to {INTERVAL_MAX_SECONDS}, "
            f"not {shape(interval)}; the last settings stay in effect."
        )
        raise EdgeError(message)
    return Settings(collect=True, interval_seconds=interval, etag=etag)


def unknown_names(document: Mapping[str, object]) -> frozenset[str]:
    """Return the names of settings that the agent does not have, and ignores."""
    return frozenset(document) - _NAMES
