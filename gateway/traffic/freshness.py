"""How fresh a customer's records are."""

from dataclasses import dataclass

from gateway.stores.records import Records


@dataclass(frozen=True, slots=True)
class Freshness:
    """Times in epoch milliseconds.

    Attributes:
        first: Of the oldest record.
        last: Of the newest one.
        accepted: When a post was last accepted.

    """

    first: int
    last: int
    accepted: int


def freshness(records: Records, customer: int) -> Freshness | None:
    """Tell how fresh a customer's records are; None if there are none."""
    (times,) = records.rows("SELECT min(time), max(time) FROM records WHERE customer = ?", [customer])
    (accepted,) = records.rows("SELECT max(accepted_at) FROM posts WHERE customer = ?", [customer])
    return None if times[0] is None else Freshness(*times, *accepted)
