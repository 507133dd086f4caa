"""How fresh records are: a customer's, and those of each storage account."""

from dataclasses import dataclass
from datetime import datetime

from gateway.clock import AHEAD, to_ms
from gateway.stores.flow_records import with_origins
from gateway.stores.records import Records


@dataclass(frozen=True, slots=True)
class Freshness:
    """Times in epoch milliseconds.

    Attributes:
        first: Of the oldest record.
        last: Of the last one, whatever its time.
        newest: Of the last one that is not of the future, which a wrong clock may have written; None if all are.
        accepted: When a post was last accepted.

    """

    first: int
    last: int
    newest: int | None
    accepted: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A post that was refused.

    Attributes:
        at: When, in epoch milliseconds.
        status: The HTTP status.
        message: Why.

    """

    at: int
    status: int
    message: str


@dataclass(frozen=True, slots=True)
class AccountFreshness:
    """What arrived from one storage account; times in epoch milliseconds.

    Attributes:
        account: Its name.
        log: The log blob of the newest record, with its container; None if nothing was accepted yet.
        last: The time of the newest record that was not of the future when it came; None if there is none.
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
    """Tell how fresh a customer's records are; None if there are none."""
    (times,) = records.rows(
        "SELECT min(time), max(time), max(time) FILTER (time <= ?) FROM records WHERE customer = ?",
        [to_ms(now + AHEAD), customer],
    )
    (accepted,) = records.rows("SELECT max(accepted_at) FROM posts WHERE customer = ?", [customer])
    return None if times[0] is None else Freshness(*times, *accepted)


def account_freshness(records: Records, customer: int) -> dict[str, AccountFreshness]:
    """Tell by storage account what arrived from it, for all accounts that a customer's posts named."""
    refusals = {
        account: Refusal(*refusal)
        for account, *refusal in records.rows(
            "SELECT account, refused_at, status, message FROM refusals WHERE customer = ?", [customer]
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


def oldest(records: Records, customer: int) -> dict[str, int]:
    """Tell the time of a customer's oldest record of each source that there is one of, in epoch milliseconds."""
    return dict(
        records.rows(
            f"""SELECT source, min(time) FROM records {with_origins(customer)}
                WHERE customer = ? GROUP BY source""",  # noqa: S608 - names of ours
            [customer],
        )
    )
