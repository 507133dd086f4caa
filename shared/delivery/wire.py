"""The posts of a pass on their way to the gateway."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from shared.apigw.client import Receipt
from shared.clock import Deadline
from shared.delivery.batch import Origin, Packed
from shared.delivery.collaborators import CheckpointWriter, Collaborators
from shared.delivery.flights import Flight
from shared.delivery.patience import Patience
from shared.errors import Malformed, RetryLater, SluiceError, TooLarge


@dataclass(frozen=True, slots=True)
class Posted:
    """A batch on its way, or a range without any.

    Attributes:
        flight: What it is.
        answer: The gateway's answer, or what the post ended with; None for a range without a batch.
    """

    flight: Flight
    answer: Future[Receipt] | None

    @property
    def is_answered(self) -> bool:
        return self.answer is None or self.answer.done()


class Wire:
    """Posts, no more than so many at a time; leave its context at the end, which waits for those under way."""

    def __init__(self, collaborators: Collaborators, writer: CheckpointWriter, deadline: Deadline) -> None:
        self._gateway = collaborators.gateway
        self._writer = writer
        self._patience = Patience(collaborators.clock, deadline)
        self._pool = ThreadPoolExecutor(collaborators.posts_in_flight)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.halt()
        self._pool.shutdown()

    def post(self, flight: Flight, *, here: bool = False) -> Posted:
        """Send a batch on its way.

        Args:
            flight: The batch.
            here: Post it with the calling thread, that of the pass: a batch that is alone is not worth another.
        """
        if flight.batch is None:
            return Posted(flight, None)
        origin = flight.position.origin
        if not here:
            return Posted(flight, self._pool.submit(self._post, origin, flight.batch))
        answer: Future[Receipt] = Future()
        try:
            answer.set_result(self._post(origin, flight.batch, self._writer.keep))
        except SluiceError as trouble:
            answer.set_exception(trouble)
        return Posted(flight, answer)

    def halt(self) -> int:
        """Have every attempt that waits give up; return how many attempts were repeated."""
        self._patience.halted.set()
        return self._patience.retries

    def _post(self, origin: Origin, batch: Packed, keep: Callable[[], None] | None = None) -> Receipt:
        key, doubtful = origin.key(batch.path), False

        def attempt() -> Receipt:
            # A loop, since a function that calls itself from within keeps its body until the next collection of cycles.
            nonlocal doubtful
            while True:
                if keep is not None:
                    keep()
                seconds = self._writer.attempt_seconds()
                try:
                    return self._gateway.post_flow_logs(batch.body, batch.lines, key, origin.blob, seconds)
                except RetryLater:
                    doubtful = True
                    raise
                except (TooLarge, Malformed):
                    # After an attempt that may have been stored, halves might be stored in addition: a refusal is
                    # believed only when the gateway repeats it, since for a stored post it repeats its first answer.
                    if not doubtful:
                        raise
                    doubtful = False

        return self._patience.insist(attempt, keep)
