"""The ways in which storage, or what stands before it, answers wrongly; and what it is asked."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple


class Operation(Enum):
    """What Sluice asks of storage; the value is what the figures call it.

    CHECKPOINT_*, POINTER_* and WATERMARK_* are asked of the table service; a merge counts as REPLACE. The others are
    asked of the blob service, but OTHER of both.
    """

    CHECKPOINT_INSERT = "checkpoint: insert"
    CHECKPOINT_READ = "checkpoint: read"
    CHECKPOINT_REPLACE = "checkpoint: replace"
    CHECKPOINT_DELETE = "checkpoint: delete"
    CHECKPOINT_QUERY = "checkpoints: query"
    POINTER_INSERT = "pointer: insert"
    POINTER_READ = "pointer: read"
    POINTER_REPLACE = "pointer: replace"
    POINTER_DELETE = "pointer: delete"
    POINTER_QUERY = "pointers: query"
    WATERMARK_INSERT = "watermark: insert"
    WATERMARK_READ = "watermark: read"
    WATERMARK_REPLACE = "watermark: replace"
    WATERMARK_DELETE = "watermark: delete"
    WATERMARK_QUERY = "watermarks: query"
    BLOCK_LIST = "block list"
    READ = "read of a log's bytes"
    LOAD = "read of what is kept"
    PROPERTIES = "properties"
    WRITE = "write"
    DELETE = "delete"
    LIST = "listing"
    OTHER = "anything else"


class Entities(NamedTuple):
    """What is asked of entities of one kind."""

    insert: Operation
    read: Operation
    replace: Operation
    delete: Operation
    query: Operation


CHECKPOINTS: Final = Entities(
    Operation.CHECKPOINT_INSERT,
    Operation.CHECKPOINT_READ,
    Operation.CHECKPOINT_REPLACE,
    Operation.CHECKPOINT_DELETE,
    Operation.CHECKPOINT_QUERY,
)
POINTERS: Final = Entities(
    Operation.POINTER_INSERT,
    Operation.POINTER_READ,
    Operation.POINTER_REPLACE,
    Operation.POINTER_DELETE,
    Operation.POINTER_QUERY,
)
WATERMARKS: Final = Entities(
    Operation.WATERMARK_INSERT,
    Operation.WATERMARK_READ,
    Operation.WATERMARK_REPLACE,
    Operation.WATERMARK_DELETE,
    Operation.WATERMARK_QUERY,
)


class StorageFault(Enum):
    """One way to answer wrongly; the value is what the figures call it.

    PAGE_*: a page that something else puts in storage's place. The others have storage's own form, or
    are not an answer. A refusal without a name in its value has the code, and the form, of the service that is asked.
    BLOB_404, RESOURCE_404 and NOTHING are lies of storage itself, which no single answer gives away.
    SHORT is a body that says of itself that it is whole; CUT one that breaks off. STALE is the answer to an earlier
    request of the same kind. LATE reaches storage when its sender has given up.
    """

    PAGE_404 = "404, a page"
    BLOB_404 = "404 BlobNotFound"
    CONTAINER_404 = "404 ContainerNotFound"
    TABLE_404 = "404 TableNotFound"
    RESOURCE_404 = "404 ResourceNotFound"
    PAGE_403 = "403, a page"
    PAGE_409 = "409, a page"
    ENTITY_409 = "409 EntityAlreadyExists"
    FORBIDDEN = "403"
    CONDITION = "412"
    BROKEN = "500"
    BUSY = "503"
    PAGE_200 = "200, a page"
    EMPTY_200 = "200 with nothing in it"
    EMPTY_204 = "204 without an ETag"
    OTHER_XML = "200 with XML of something else"
    OTHER_ENTITY = "200 with another entity"
    OTHER_LIST = "200 with a list of other entities"
    GARBLED_XML = "200 with XML that makes no sense"
    DAMAGED_XML = "200 with XML that is not well-formed"
    GARBLED_JSON = "200 with JSON that makes no sense"
    NOTHING = "200 with nothing in the list"
    SHORT = "short"
    CUT = "cut off"
    STALE = "answer to an earlier request"
    TWICE = "asked twice"
    DELAYED = "delayed"
    RESET_BEFORE = "reset before storage acted"
    RESET_AFTER = "reset after storage acted"
    LATE = "reset, and storage acts later"


DRAWN: Final = tuple(each for each in StorageFault if each is not StorageFault.NOTHING)
"""What random schedules do: what is told again and again, in storage's own form, can't be told from the truth."""

_OF_ENTITIES: Final = frozenset((*CHECKPOINTS, *POINTERS, *WATERMARKS))
_OF_BLOBS: Final = {
    StorageFault.BLOB_404,
    StorageFault.CONTAINER_404,
    StorageFault.OTHER_XML,
    StorageFault.GARBLED_XML,
    StorageFault.DAMAGED_XML,
}
_OF_TABLES: Final = {
    StorageFault.TABLE_404,
    StorageFault.ENTITY_409,
    StorageFault.EMPTY_204,
    StorageFault.OTHER_ENTITY,
    StorageFault.OTHER_LIST,
    StorageFault.GARBLED_JSON,
}


def drawn(operation: Operation) -> tuple[StorageFault, ...]:
    """Return what random schedules do to an operation: all but what only the other service answers."""
    foreign = _OF_BLOBS if operation in _OF_ENTITIES else _OF_TABLES
    return tuple(each for each in DRAWN if each not in foreign)


@dataclass(frozen=True, slots=True)
class StorageTrouble:
    """What happens to some requests of a round.

    Attributes:
        operation: To which.
        nth: From which of them on, counted from 1.
        fault: what.
        times: To how many in a row; the library repeats some three times by itself.
    """

    operation: Operation
    nth: int
    fault: StorageFault
    times: int = 1


MEDDLED: Final = (
    Operation.BLOCK_LIST,
    Operation.READ,
    Operation.PROPERTIES,
    Operation.WRITE,
    Operation.LIST,
    Operation.CHECKPOINT_INSERT,
    Operation.CHECKPOINT_READ,
    Operation.CHECKPOINT_REPLACE,
    Operation.CHECKPOINT_QUERY,
    Operation.POINTER_REPLACE,
    Operation.POINTER_DELETE,
    Operation.POINTER_QUERY,
    Operation.WATERMARK_INSERT,
    Operation.WATERMARK_READ,
    Operation.WATERMARK_REPLACE,
)
"""What schedules ask for often enough to be answered wrongly."""
