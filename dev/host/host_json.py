"""What this host follows of an app's `host.json` (functions-host-json)."""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.host.errors import HostError

_LEVELS = {
    "Trace": logging.DEBUG,
    "Debug": logging.DEBUG,
    "Information": logging.INFO,
    "Warning": logging.WARNING,
    "Error": logging.ERROR,
    "Critical": logging.CRITICAL,
    "None": logging.CRITICAL + 1,
}


@dataclass(frozen=True, slots=True)
class HostJson:
    """How many blobs are worked on at once, how often one is tried, and the least level logged of each category."""

    parallelism: int
    tries: int
    log_levels: Mapping[str, int]

    def log_level(self, category: str) -> int:
        """Return the lowest level that is logged of a category: that of its longest prefix, or "default"."""
        names = [name for name in self.log_levels if category == name or category.startswith(f"{name}.")]
        return self.log_levels[max(names, key=len)] if names else self.log_levels.get("default", logging.INFO)


def read_host_json(directory: Path) -> HostJson:
    """Read the `host.json` of an app's directory.

    Raises HostError if it is missing, no JSON, not of version 2.0, or holds a value of the wrong kind.
    """
    path = directory / "host.json"
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise HostError(f'{path} is missing; the smallest one is {{"version": "2.0"}}') from None
    except ValueError as error:
        raise HostError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(content, dict) or content.get("version") != "2.0":
        raise HostError(f'{path} does not say "version": "2.0"')
    blobs = _section(path, content, "extensions", "blobs")
    return HostJson(
        parallelism=_positive(path, blobs, "maxDegreeOfParallelism", 8 * (os.cpu_count() or 1)),
        tries=_positive(path, blobs, "poisonBlobThreshold", 5),
        log_levels=_levels(path, _section(path, content, "logging", "logLevel")),
    )


def _section(path: Path, content: dict[str, Any], *names: str) -> dict[str, Any]:
    section: Any = content
    for name in names:
        section = section.get(name, {})
        if not isinstance(section, dict):
            raise HostError(f"{path}: {name} is not an object")
    return dict(section)


def _positive(path: Path, section: dict[str, Any], name: str, default: int) -> int:
    value = section.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise HostError(f"{path}: {name} is {value!r}; it must be a whole number from 1")
    return value


def _levels(path: Path, section: dict[str, Any]) -> dict[str, int]:
    for name, level in section.items():
        if level not in _LEVELS:
            raise HostError(f"{path}: the log level of {name} is {level!r}; it must be one of {', '.join(_LEVELS)}")
    return {name: _LEVELS[level] for name, level in section.items()}
