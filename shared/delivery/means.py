"""What a pass works with: the gateway, the quarantine, the keeper of the checkpoint, and the time."""

from dataclasses import dataclass
from typing import Protocol

from shared.apigw.client import Receipt
from shared.clock import Clock
from shared.delivery.breaker import Refusals
from shared.delivery.quarantine import Quarantine
from shared.storage.checkpoint import Checkpoint


class Gateway(Protocol):
    """Takes batches; `shared.apigw.client` says what it raises."""

    def post_flow_logs(self, body: bytes, lines: int, key: str, blob: str | None = None) -> Receipt: ...


class Keeper(Protocol):
    """Keeps the checkpoint while a pass goes on."""

    def check(self) -> None:
        """Raise HeldElsewhere if this worker may no longer post."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint; raise HeldElsewhere if this worker may no longer write."""


@dataclass(frozen=True, slots=True)
class Means:
    """What every pass of a process shares.

    Attributes:
        gateway: where batches go.
        quarantine: where set-aside objects go.
        refusals: what the gateway refused lately.
        clock: the time.
        posts_in_flight: posts on the wire at one time.
    """

    gateway: Gateway
    quarantine: Quarantine
    refusals: Refusals
    clock: Clock
    posts_in_flight: int
