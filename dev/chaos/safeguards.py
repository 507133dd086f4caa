"""What keeps records from being lost or stored twice, and what delivery is without it."""

import contextlib
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from dev.chaos.checks import Check
from shared.apigw.client import Receipt
from shared.delivery.collaborators import Gateway
from shared.delivery.worker import CheckpointStore, Held
from shared.errors import HeldElsewhere
from shared.flowlog import LogBlob
from shared.storage.checkpoint import Checkpoint
from shared.storage.checkpoints import Checkpoints

_WRITE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Safeguards:
    """What keeps records from being lost or stored twice; taken out only to show that the harness would notice.

    Attributes:
        fence: Checkpoints are written under a lease and If-Match.
        key: A batch has the same idempotency key whenever it is posted.
        without: A check of what storage says that is taken out; None for none.
    """

    fence: bool = True
    key: bool = True
    without: Check | None = None

    def gateway(self, gateway: Gateway) -> Gateway:
        """Return the gateway as workers see it."""
        return gateway if self.key else _RandomKeys(gateway)

    def store(self, checkpoints: Checkpoints) -> CheckpointStore:
        """Return the checkpoints as workers see them."""
        return checkpoints if self.fence else _Unfenced(checkpoints)


@dataclass(frozen=True, slots=True)
class _RandomKeys:
    gateway: Gateway

    def post_flow_logs(self, body: bytes, lines: int, key: str, blob: str | None = None) -> Receipt:
        return self.gateway.post_flow_logs(body, lines, f"{uuid.uuid4()}-{key[:8]}", blob)


@dataclass(frozen=True, slots=True)
class _Unfenced:
    # Checkpoints that anybody may write at any time: the lease is held for the moment of a write alone.
    checkpoints: Checkpoints

    def create(self, log: LogBlob, checkpoint: Checkpoint) -> None:
        self.checkpoints.create(log, checkpoint)

    @contextlib.contextmanager
    def hold(self, log: LogBlob) -> Iterator[Held | None]:
        yield None if self.checkpoints.read(log) is None else _UnfencedHeld(self.checkpoints, log)


@dataclass(frozen=True, slots=True)
class _UnfencedHeld:
    checkpoints: Checkpoints
    log: LogBlob

    def load(self) -> Checkpoint:
        checkpoint = self.checkpoints.read(self.log)
        if checkpoint is None:
            raise HeldElsewhere(f"The checkpoint of {self.log.name} was deleted.")
        return checkpoint

    def check(self) -> None:
        pass

    def save(self, checkpoint: Checkpoint) -> None:
        end = time.monotonic() + _WRITE_SECONDS
        while True:
            with contextlib.suppress(HeldElsewhere), self.checkpoints.hold(self.log) as held:
                if held is not None:
                    held.load()
                    held.save(checkpoint)
                return
            if time.monotonic() > end:
                raise HeldElsewhere(f"{self.log.name} can't be written.")
            time.sleep(0.01)
