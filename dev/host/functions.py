"""The functions of an app and what triggers them, read from the bindings that the worker library indexed."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dev.host.errors import HostError


class Result(StrEnum):
    """How an invocation of a function ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BlobTrigger:
    """Runs on Event Grid's word that a blob of `container` was written.

    `connection` names the settings of the storage account, `parameter` the function's parameter for the blob.
    """

    parameter: str
    container: str
    connection: str


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """Runs by an NCRONTAB schedule."""

    parameter: str
    schedule: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the app; `id` is the worker library's name for it."""

    name: str
    id: str
    trigger: BlobTrigger | TimerTrigger
    raw_bindings: tuple[str, ...]


def read_function(name: str, function_id: str, raw_bindings: Iterable[str]) -> Function:
    """Return the function with these bindings, one JSON object each.

    Raises HostError if this host does not run its trigger.
    """
    bindings = tuple(raw_bindings)
    triggers = [b for b in map(json.loads, bindings) if str(b["type"]).lower().endswith("trigger")]
    if len(triggers) != 1:
        raise HostError(f"the function {name} has {len(triggers)} triggers; it must have one")
    return Function(name, function_id, _read_trigger(name, triggers[0]), bindings)


def _read_trigger(name: str, binding: dict[str, Any]) -> BlobTrigger | TimerTrigger:
    match binding:
        case {"type": "timerTrigger", "schedule": schedule}:
            return TimerTrigger(binding["name"], schedule)
        case {"type": "blobTrigger", "source": "EventGrid", "path": path, "connection": connection}:
            if not binding.get("properties", {}).get("SupportsDeferredBinding"):
                raise HostError(
                    f"the function {name} takes the blob's bytes; annotate its parameter with the BlobClient of "
                    "azurefunctions.extensions.bindings.blob to take a reference"
                )
            return BlobTrigger(binding["name"], path.partition("/")[0], connection)
        case {"type": "blobTrigger"}:
            raise HostError(
                f'the function {name} polls its container; say source="EventGrid", as Flex Consumption asks'
            )
        case _:
            raise HostError(f"the function {name} has a {binding['type']}, which this local host does not run")
