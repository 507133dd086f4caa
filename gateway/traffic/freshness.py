"""How fresh records are: a customer's, and those of each storage account."""

from dataclasses import dataclass
from typing import Final

MOST_HEARD: Final = 1000
"""The most storage accounts that one answer tells of."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Times in epoch milliseconds.

    Attributes:
        first: Of the oldest record.
        last: Of the last one, whatever its time.
        newest: Of the last one that is not in the future, which a wrong clock may have written; None if all are.
        accepted: When a post was last accepted.
    """

    first: int
    last: int
    newest: int | None
    accepted: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A post that was refused; times in epoch milliseconds.

    Attributes:
        at: When.
        since: When the first one was refused after which none was accepted.
        status: The HTTP status.
        message: Why.
    """

    at: int
    since: int
    status: int
    message: str

    def stands(self, accepted: int | None) -> bool:
        """Return whether nothing was accepted since, if a post was last accepted at a time."""
        return accepted is None or accepted < self.at


@dataclass(frozen=True, slots=True)
class Heard:
    """The latest deliveries of a source; times in epoch milliseconds.

    Attributes:
        account: The storage account; None for agents, and for logs that name none.
        by_agent: Whether these are the agents.
        last: The time of the newest record that was not in the future when it came; None if there is none.
        accepted: When a post was last accepted; None if none was.
        refusal: The last post that was refused, if none was accepted since.
    """

    account: str | None
    by_agent: bool
    last: int | None
    accepted: int | None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class AccountFreshness:
    """What arrived from one storage account; times in epoch milliseconds.

    Attributes:
        account: Its name.
        log: The log blob of the newest record, with its container; None if nothing was accepted yet.
        last: The time of the newest record that was not in the future when it came; None if there is none.
        delay: From the newest record's time to the moment when it was accepted, in milliseconds; None if there is none.
        accepted: When a post was last accepted; None if none was.
        first: When the first post with such a record was accepted, of those whose keys are kept; None if there is none.
        rejected: How many lines were no flow records, in the posts whose keys are kept.
        refusal: The last post that was refused, if one was.
    """

    account: str
    log: str | None
    last: int | None
    delay: int | None
    accepted: int | None
    first: int | None
    rejected: int
    refusal: Refusal | None
