"""The harness's own line to the gateway process (`dev.chaos.gateway`)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from dev.chaos.failures import Failure
from dev.chaos.logs import canonical

_TIMEOUT = 60


@dataclass(frozen=True, slots=True)
class Customer:
    """A schedule's customer at the gateway."""

    number: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What the gateway got and has.

    Attributes:
        posts: How many arrived.
        hits: How often each failure was met, by name.
        unexpected: How often it answered with a status that nothing explains.
        sent_twice: Lines that arrived once more than needed.
        stored: The flow records that it has, in canonical text.
    """

    posts: int
    hits: Counter[str]
    unexpected: Counter[str]
    sent_twice: int
    stored: Counter[str]


class GatewayControl:
    """Tells the gateway how to fail, and asks what it has."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def begin(self, name: str, *, takes_more_later: bool) -> Customer:
        """Add a customer, whose posts meet no failures yet."""
        answer = self._ask("POST", "cases", {"name": name, "takesMoreLater": takes_more_later})
        return Customer(answer["customer"], answer["token"])

    def plan(self, customer: Customer, failures: Mapping[int, Failure]) -> None:
        """Set what a customer's next posts will meet, counted from 1, in place of what was set before."""
        plan = {str(nth): failure.value for nth, failure in failures.items()}
        self._ask("PUT", f"cases/{customer.number}/failures", plan)

    def refuse_token(self, customer: Customer) -> None:
        """Revoke a customer's tokens."""
        self._ask("DELETE", f"cases/{customer.number}/token")

    def renew_token(self, customer: Customer) -> Customer:
        """Give a customer a new token."""
        return Customer(customer.number, self._ask("POST", f"cases/{customer.number}/token")["token"])

    def hold(self, key: str, linger: float | None) -> None:
        """Let the gateway hold the next post with a key (`dev.chaos.gateway.Hold`)."""
        self._ask("POST", f"holds/{key}", {"linger": linger})

    def wait_until_held(self, key: str) -> bool:
        """Return once the gateway holds the post; False if it never came that far."""
        try:
            self._ask("GET", f"holds/{key}")
        except requests.Timeout:
            return False
        return True

    def arrived(self, customer: Customer) -> Arrived:
        """Ask what the gateway got and has."""
        answer = self._ask("GET", f"cases/{customer.number}")
        return Arrived(
            posts=answer["posts"],
            hits=Counter(answer["hits"]),
            unexpected=Counter(answer["unexpected"]),
            sent_twice=answer["sentTwice"],
            stored=Counter(canonical(record) for record in answer["records"]),
        )

    def _ask(self, method: str, path: str, content: object = None) -> Any:  # noqa: ANN401 -- JSON
        answer = self._session.request(method, f"{self.url}/chaos/{path}", json=content, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()
