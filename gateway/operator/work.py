"""Operations, and what they work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.clock import Clock
from gateway.stores.stores import Stores

type Say = Callable[[str], None]
"""Receives a line of progress. Raises `GoneError` if nobody reads it any more, which ends the work between two steps.
"""


class GoneError(Exception):
    """The client has disconnected."""


class RefusedError(Exception):
    """The operation is refused; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Work:
    """What an operation works with.

    Attributes:
        stores: The open stores.
        clock: The time.
        say: Receives lines of progress.
        arguments: The arguments, as in JSON.
    """

    stores: Stores
    clock: Clock
    say: Say
    arguments: Mapping[str, Any] = field(default_factory=dict)


type Operation = Callable[[Work], dict[str, Any]]
"""Carries out an operation, and returns its result. Raises RefusedError."""
