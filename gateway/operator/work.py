"""What an operation is, and what it works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.clock import Clock
from gateway.stores.stores import Stores

type Say = Callable[[str], None]
"""Takes a line of progress. Raises `GoneError` if nobody reads it any more, which ends the work between two steps."""


class GoneError(Exception):
    """Whoever asked has gone."""


class RefusedError(Exception):
    """What was asked is not done; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Work:
    """What an operation works with.

    Attributes:
        stores: The open stores.
        clock: The time.
        say: Takes lines of progress.
        wishes: What was asked for, as JSON has it.

    """

    stores: Stores
    clock: Clock
    say: Say
    wishes: Mapping[str, Any] = field(default_factory=dict)


type Operation = Callable[[Work], dict[str, Any]]
"""Does something, and returns what is to be told of it. Raises RefusedError."""
