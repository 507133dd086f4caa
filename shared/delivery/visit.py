"""What an invocation is about."""

from dataclasses import dataclass

from shared.clock import Deadline
from shared.delivery.report import Tally
from shared.flowlog import LogBlob
from shared.storage.pointers import Pointer


@dataclass(frozen=True, slots=True)
class Visit:
    """A log blob to deliver.

    Attributes:
        log: The log blob.
        deadline: The end of the time that this may take.
        tally: What is counted along the way.
        pointer: The pointer that led a sweep here; None for an event, and for a log of the hours that are swept.
        from_memory: Whether what this process remembers of the checkpoint will do to begin with.
    """

    log: LogBlob
    deadline: Deadline
    tally: Tally
    pointer: Pointer | None = None
    from_memory: bool = False
