"""How fresh records are: a customer's, and those of each storage account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from gateway.clock import AHEAD, to_ms
from gateway.stores.duckdb.first import first_rows
from gateway.stores.duckdb.flow_records import with_origins
from gateway.stores.duckdb.reading import Rows
from gateway.traffic.first import First
from gateway.traffic.freshness import MOST_HEARD, AccountFreshness, Freshness, Heard, Refusal

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
"""The latest deliveries of each source, without reading the records."""


def freshness(rows: Rows, customer: int, now: datetime) -> Freshness | None:
    """Return how fresh a customer's records are; None if there are none."""
    (times,) = rows(
        "SELECT min(time), max(time), max(time) FILTER (time <= ?) FROM records WHERE customer = ?",
        [to_ms(now + AHEAD), customer],
    )
    (accepted,) = rows("SELECT max(accepted_at) FROM posts WHERE customer = ?", [customer])
    return None if times[0] is None else Freshness(*times, *accepted)


def account_freshness(rows: Rows, customer: int) -> dict[str, AccountFreshness]:
    """Return by storage account what arrived from it, for all accounts that a customer's posts named."""
    refusals = {
        account: Refusal(*refusal)
        for account, *refusal in rows(
            "SELECT account, refused_at, since, status, message FROM refusals WHERE customer = ?", [customer]
        )
    }
    found = {
        account: AccountFreshness(account, log, last, delay, accepted, first, rejected, refusals.pop(account, None))
        for account, log, last, delay, accepted, first, rejected in rows(
            """SELECT account, arg_max(log, newest), max(newest), arg_max(accepted_at - newest, newest),
                      max(accepted_at), min(accepted_at) FILTER (newest IS NOT NULL), sum(rejected)::BIGINT
               FROM posts WHERE customer = ? AND account IS NOT NULL GROUP BY account""",
            [customer],
        )
    }
    unheard = {
        account: AccountFreshness(account, None, None, None, None, None, 0, refusal)
        for account, refusal in refusals.items()
    }
    return found | unheard


def heard(rows: Rows, customer: int, configured: Sequence[str]) -> First[Heard]:
    """Return the latest deliveries of all of a customer's sources."""
    found = rows(
        _HEARD.format(whose="WHERE customer = $customer")  # noqa: S608 - words of ours
        + """SELECT * EXCLUDE customer, count(*) OVER () FROM heard
             ORDER BY list_contains($configured, name) DESC, greatest(accepted, refused_at) DESC, name
             LIMIT $most""",
        {"customer": customer, "configured": list(configured), "most": MOST_HEARD},
    )
    return first_rows(found, _heard)


def heard_of_all(rows: Rows, configured: Sequence[tuple[int, str]], most: int) -> dict[int, list[Heard]]:
    """Return what was heard last of those that deliver, by customer."""
    parts = rows(
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
    for customer, *values in parts:
        found.setdefault(customer, []).append(_heard(*values))
    return found


def _heard(account: str | None, by_agent: bool, last: int | None, accepted: int | None, *refused: Any) -> Heard:  # noqa: ANN401, FBT001 - as the columns are
    refusal = None if refused[0] is None else Refusal(*refused)
    standing = refusal if refusal is not None and refusal.stands(accepted) else None
    return Heard(account, by_agent, last, accepted, standing)


def oldest(rows: Rows, customer: int) -> dict[str, int]:
    """Return the time of a customer's oldest record of each source that it has any of, in epoch milliseconds."""
    return dict(
        rows(
            f"""SELECT source, min(time) FROM records {with_origins(customer)}
                WHERE customer = ? GROUP BY source""",  # noqa: S608 - names of ours
            [customer],
        )
    )
