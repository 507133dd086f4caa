"""What the gateway remembers of one schedule."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from dev.chaos.failures import FAULTS, Failure, Refusal
from dev.gateway.faults import Fault


@dataclass(slots=True)
class Case:
    """One schedule's customer and what its posts met.

    Attributes:
        customer: Its number.
        takes_more_later: Whether a batch that was too large once may be taken whole another time.
        tokens: Its subscription tokens, good or not.
        revoked: Whether one of them is no longer good.
        posts: How many arrived.
        hits: How often each failure was met, by name.
        unexpected: How often the gateway proper answered with a status that nothing explains.
        sent: How often each line arrived.
        reached: The keys that came through to the gateway proper. It knows them, so it does not find them too large.
        too_large: The keys that did not, for that reason.
    """

    customer: int
    takes_more_later: bool
    tokens: list[str] = field(default_factory=list, repr=False)
    revoked: bool = False
    posts: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    sent: Counter[bytes] = field(default_factory=Counter)
    reached: set[str] = field(default_factory=set)
    too_large: set[str] = field(default_factory=set)
    _failures: dict[int, Failure] = field(default_factory=dict)

    def plan(self, failures: Mapping[int, Failure]) -> None:
        """Plan what happens to the next posts, counted from 1."""
        self._failures = {self.posts + nth: failure for nth, failure in failures.items()}

    def arrived(self, lines: list[bytes]) -> None:
        """Count a post."""
        self.posts += 1
        self.sent.update(lines)

    def fault(self, key: str, lines: list[bytes]) -> Fault | None:
        """Return the fault that the latest post meets."""
        failure = self._failures.get(self.posts)
        if key in self.too_large and not self.takes_more_later:
            failure = Failure.TOO_LARGE
        if failure is Failure.TOO_LARGE:
            if key in self.reached or len(lines) == 1:
                return None
            self.too_large.add(key)
        if failure is None:
            return None
        self.hits[failure.value] += 1
        return FAULTS[failure]

    def answered(self, status: int) -> None:
        """Note what the gateway proper answered."""
        if status == HTTPStatus.TOO_EARLY:
            self.hits[Refusal.IN_PROGRESS.value] += 1
        elif status != HTTPStatus.ACCEPTED and not (self.revoked and status == HTTPStatus.UNAUTHORIZED):
            self.unexpected[str(status)] += 1
