"""The gateway's activity: counts of finished requests, and what is in progress."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.api.body import Bodies
from gateway.api.request_log import Sink
from gateway.connections import Connections
from gateway.slots import Slots

_QUERIES_AT_ONCE: Final = 4
"""Few, so that posts are stored in the meantime."""
POSTS: Final = frozenset({"/qas/flow-logs", "/agent/v1/traffic"})
"""The routes that accept flow records."""


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts with the same outcome.

    Attributes:
        customer: The number of the customer; 0 if unknown, such as without a valid token.
        route: Where they were sent.
        status: The HTTP status that they were answered with; 0 for those that got no answer.
    """

    customer: int
    route: str
    status: int


class Tally:
    """Counts requests as they end. For use on one event loop only."""

    def __init__(self) -> None:
        self.posts: Counter[Posts] = Counter()
        self.records: Counter[int] = Counter()
        self.rejected: Counter[int] = Counter()
        self.received_bytes = 0
        self.requests: Counter[tuple[str, int]] = Counter()

    def beside(self, sink: Sink) -> Sink:
        """Return a sink for the request log that counts each entry before it passes it on."""

        def take(entry: Mapping[str, Any]) -> None:
            self._count(entry)
            sink(dict(entry))

        return take

    def _count(self, entry: Mapping[str, Any]) -> None:
        route, status = entry["route"] or "none", entry["status"] or 0
        self.requests[route, status] += 1
        self.received_bytes += entry["bytes"]
        if route in POSTS:
            customer = entry.get("customer", 0)
            self.posts[Posts(customer, route, status)] += 1
            if not entry.get("duplicate"):
                self.records[customer] += entry.get("records", 0)
                self.rejected[customer] += entry.get("rejected", 0)


@dataclass(frozen=True, slots=True)
class Activity:
    """Everything that is in progress in a process.

    Attributes:
        tally: The requests that have ended.
        slots: The queries that pages run on the records.
        connections: Those of each listener, by its name.
        bodies: The bodies that are being received, by the listener's name.
    """

    tally: Tally = field(default_factory=Tally)
    slots: Slots = field(default_factory=lambda: Slots(_QUERIES_AT_ONCE, _QUERIES_AT_ONCE // 2))
    connections: dict[str, Connections] = field(default_factory=dict)
    bodies: dict[str, Bodies] = field(default_factory=dict)
