"""The flow records of one post, as the rule of counting looks at them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.flowlog.record import Source

type Array = npt.NDArray[Any]

HOUR_MS = 3_600_000
INBOUND, OUTBOUND = 1, 2
"""The numbers that a direction has in arrays; 0 is none."""


@dataclass(frozen=True, slots=True)
class Observer:
    """Who wrote records.

    Attributes:
        source: The kind of log, or an agent.
        nic: The NIC's MAC address, or its resource's id where the log has none; empty for agents.
        flow_log: The id of the VNet flow log; empty where there is none.
    """

    source: Source
    nic: str
    flow_log: str

    @property
    def is_agent(self) -> bool:
        """Whether an agent wrote them."""
        return self.source is Source.AGENT


@dataclass(frozen=True, slots=True)
class Batch:
    """Flow records in columns, one element a record but for `addresses` and `observers`.

    Attributes:
        hours: The hour of each, counted from the epoch.
        measured: Whether any of its counters is not null.
        directions: Its direction's number.
        sources: Its source's place in `addresses`.
        destinations: Its destination's place there.
        source_ports: Its source port; negative where there is none.
        destination_ports: Its destination port.
        protocols: Its protocol's number.
        observed: Its observer's place in `observers`.
        addresses: The numbers of the addresses.
        observers: Who wrote them.
    """

    hours: Array
    measured: Array
    directions: Array
    sources: Array
    destinations: Array
    source_ports: Array
    destination_ports: Array
    protocols: Array
    observed: Array
    addresses: tuple[int, ...]
    observers: tuple[Observer, ...]

    def from_agents(self) -> Array:
        """Return for each record whether an agent wrote it."""
        return np.array([each.is_agent for each in self.observers], bool)[self.observed]
