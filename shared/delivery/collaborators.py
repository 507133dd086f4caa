"""What a pass works with: the gateway, the quarantine, the checkpoint writer, and the time."""

from dataclasses import dataclass
from typing import Protocol

from shared.apigw.client import LONGEST_SECONDS, Receipt
from shared.clock import Clock
from shared.delivery.breaker import Refusals
from shared.delivery.quarantine import Quarantine
from shared.storage.checkpoint import Checkpoint


class Gateway(Protocol):
    """Accepts batches; see `shared.apigw.client` for errors."""

    def post_flow_logs(
        self, body: bytes, lines: int, key: str, blob: str | None = None, seconds: float = LONGEST_SECONDS
    ) -> Receipt: ...


class CheckpointWriter(Protocol):
    """Writes the checkpoint while a pass goes on, for as long as this worker holds the log blob."""

    def attempt_seconds(self) -> float:
        """Return how long an attempt to post may take that begins now; any thread may ask.

        Raises HeldElsewhere if this worker may no longer post, StorageAway if it may not now.
        """

    def keep(self) -> None:
        """See to it that this worker may go on posting; raise HeldElsewhere if it may not."""

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
