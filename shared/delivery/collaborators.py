"""What a pass works with: the gateway, the quarantine, the checkpoint writer, and the time."""

from dataclasses import dataclass
from typing import Protocol

from shared.apigw.client import Receipt
from shared.clock import Clock
from shared.delivery.breaker import Refusals
from shared.delivery.quarantine import Quarantine
from shared.storage.checkpoint import Checkpoint


class Gateway(Protocol):
    """Accepts batches; see `shared.apigw.client` for errors."""

    def post_flow_logs(self, body: bytes, lines: int, key: str, blob: str | None = None) -> Receipt: ...


class CheckpointWriter(Protocol):
    """Writes the checkpoint while a pass goes on, for as long as this worker holds the log blob."""

    def check(self) -> None:
        """Raise HeldElsewhere if this worker may no longer post."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint; raise HeldElsewhere if this worker may no longer write."""


@dataclass(frozen=True, slots=True)
class Collaborators:
    """What every pass of a process shares.

    Attributes:
        gateway: Where batches go.
        quarantine: Where set-aside objects go.
        refusals: What the gateway refused recently.
        clock: The time.
        posts_in_flight: The number of parallel posts.
    """

    gateway: Gateway
    quarantine: Quarantine
    refusals: Refusals
    clock: Clock
    posts_in_flight: int
