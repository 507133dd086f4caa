"""How fresh records are: a customer's, and those of each storage account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.clock import AHEAD, to_ms
from gateway.stores.flow_records import with_origins
from gateway.stores.records import Records
from gateway.traffic.first import First, counted

MOST_HEARD: Final = 1000
"""As many storage accounts as are looked at."""
_HEARD: Final = """
    WITH accepted AS (
        SELECT customer, account, by_agent, max(newest) AS last, max(accepted_at) AS accepted
        FROM posts {whose} GROUP BY ALL
    ), refused AS (
        SELECT customer, account, refused_at, since, status, message FROM refusals {whose}
    ), heard AS (
        SELECT coalesce(accepted.customer, refused.customer) AS customer,
               coalesce(accepted.account, refused.account) AS name, coalesce(by_agent, false) AS by_agent,
               last, accepted, refused_at, since, status, message
        FROM accepted FULL JOIN refused ON accepted.customer = refused.customer AND accepted.account = refused.account
    )
"""
"""What was heard last of each that delivers, without a look at the records."""


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
    """What was heard last of one that delivers; times in epoch milliseconds.

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
        rejected: How many lines were no flow records, in the posts whose keys are kept.
        refusal: The last post that was refused, if one was.

    """

    account: str
    log: str | None
    last: int | None
    delay: int | None
    accepted: int | None
    rejected: int
    refusal: Refusal | None


def freshness(records: Records, customer: int, now: datetime) -> Freshness | None:
    """Return how fresh a customer's records are; None if there are none."""
    (times,) = records.rows(
        "SELECT min(time), max(time), max(time) FILTER (time <= ?) FROM records WHERE customer = ?",
        [to_ms(now + AHEAD), customer],
    )
    (accepted,) = records.rows("SELECT max(accepted_at) FROM posts WHERE customer = ?", [customer])
    return None if times[0] is None else Freshness(*times, *accepted)


def account_freshness(records: Records, customer: int) -> dict[str, AccountFreshness]:
    """Return by storage account what arrived from it, for all accounts that a customer's posts named."""
    refusals = {
        account: Refusal(*refusal)
        for account, *refusal in records.rows(
            "SELECT account, refused_at, since, status, message FROM refusals WHERE customer = ?", [customer]
        )
    }
    found = {
        account: AccountFreshness(account, log, last, delay, accepted, rejected, refusals.pop(account, None))
        for account, log, last, delay, accepted, rejected in records.rows(
            """SELECT account, arg_max(log, newest), max(newest), arg_max(accepted_at - newest, newest),
                      max(accepted_at), sum(rejected)::BIGINT
               FROM posts WHERE customer = ? AND account IS NOT NULL GROUP BY account""",
            [customer],
        )
    }
    unheard = {
        account: AccountFreshness(account, None, None, None, None, 0, refusal) for account, refusal in refusals.items()
    }
    return found | unheard


def heard(records: Records, customer: int, configured: Sequence[str]) -> First[Heard]:
    """Return what was heard last of all that deliver for a customer.

    Args:
        records: The store.
        customer: The customer's number.
        configured: Storage accounts that come first. Behind them come those that were heard of last, since a sender may
            name any number.

    """
    rows = records.rows(
        _HEARD.format(whose="WHERE customer = $customer")  # noqa: S608 - words of ours
        + """SELECT * EXCLUDE customer, count(*) OVER () FROM heard
             ORDER BY list_contains($configured, name) DESC, greatest(accepted, refused_at) DESC, name
             LIMIT $most""",
        {"customer": customer, "configured": list(configured), "most": MOST_HEARD},
    )
    return counted(rows, _heard)


def heard_of_all(records: Records, configured: Sequence[tuple[int, str]], most: int) -> dict[int, list[Heard]]:
    """Return what was heard last of those that deliver, by customer.

    Args:
        records: The store.
        configured: Customers' numbers, each with a storage account that comes first; none twice.
        most: As many storage accounts as each customer is told of; its agents come besides.

    """
    rows = records.rows(
        _HEARD.format(whose="")  # noqa: S608 - words of ours
        + """, configured AS (SELECT unnest($whose::BIGINT[]) AS customer, unnest($names::VARCHAR[]) AS name)
        SELECT heard.* FROM heard LEFT JOIN configured USING (customer, name)
        QUALIFY row_number() OVER (
            PARTITION BY customer, by_agent
            ORDER BY configured.name IS NULL, greatest(accepted, refused_at) DESC, name
        ) <= $most ORDER BY customer, by_agent, name""",
        {"whose": [number for number, _ in configured], "names": [name for _, name in configured], "most": most},
    )
    found: dict[int, list[Heard]] = {}
    for customer, *values in rows:
        found.setdefault(customer, []).append(_heard(*values))
    return found


def _heard(account: str | None, by_agent: bool, last: int | None, accepted: int | None, *refused: Any) -> Heard:  # noqa: ANN401, FBT001 - as the columns are
    refusal = None if refused[0] is None else Refusal(*refused)
    standing = refusal if refusal is not None and refusal.stands(accepted) else None
    return Heard(account, by_agent, last, accepted, standing)


def oldest(records: Records, customer: int) -> dict[str, int]:
    """Tell the time of a customer's oldest record of each source that there is one of, in epoch milliseconds."""
    return dict(
        records.rows(
            f"""SELECT source, min(time) FROM records {with_origins(customer)}
                WHERE customer = ? GROUP BY source""",  # noqa: S608 - names of ours
            [customer],
        )
    )
