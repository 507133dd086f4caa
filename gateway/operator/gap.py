"""What a restored directory lacks of each storage account's logs, and how to bring it back.

The function app has moved its checkpoints over everything that the gateway accepted after the backup, so only `sluice
replay` reads it again. It duplicates nothing, so an hour too many only costs time, but an hour too few would lose
records.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import duckdb

from gateway.clock import from_ms, to_ms

_LATE: Final = timedelta(hours=1)
"""How long after a log's next hour has begun the end of an hour may be delivered, because the sweep delivers what an
event did not.
"""
_SILENT: Final = timedelta(days=1)
"""A NIC that delivered nothing for this long, while others of its account did, is gone."""

_NEWEST: Final = """
    WITH nics AS (
        SELECT customer, account, max(newest) AS newest, max(accepted_at) AS accepted
        FROM posts WHERE account IS NOT NULL
        GROUP BY customer, account, regexp_replace(log, '/y=[0-9]+/m=[0-9]+/d=[0-9]+/h=[0-9]+/m=[0-9]+', '')
    ), latest AS (
        SELECT *, max(accepted) OVER (PARTITION BY customer, account) AS last FROM nics
    )
    SELECT customer, account, coalesce(min(newest), min(accepted)) FROM latest
    WHERE accepted >= last - ? GROUP BY customer, account ORDER BY customer, account
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """What must be delivered again.

    Attributes:
        customer: The customer's name.
        account: The storage account.
        start: The first hour.
    """

    customer: str
    account: str
    start: datetime

    def command(self, end: datetime) -> str:
        """Return the command that fills it, for the hours before `end`."""
        return f"sluice replay --from {hour(self.start)} --to {hour(end)}"


def gaps(
    records: duckdb.DuckDBPyConnection,
    customers: Mapping[int, str],
    configured: Iterable[tuple[int, str]],
    moment: datetime,
) -> Iterator[Gap]:
    """Yield what every storage account that was known at a moment must deliver again.

    Args:
        records: The records as they were at the moment, in any version.
        customers: The names of customers by their numbers.
        configured: The storage accounts of all deployments, each with the number of its customer. One that had
            delivered nothing yet may have begun right after the moment.
        moment: When.
    """
    rows = records.execute(_NEWEST, [_SILENT // timedelta(milliseconds=1)]).fetchall()
    last = {(customer, account): from_ms(min(newest, to_ms(moment))) for customer, account, newest in rows}
    refused = records.execute("SELECT customer, account FROM refusals").fetchall()
    last = dict.fromkeys({*configured, *refused}, moment) | last
    for customer, account in sorted(last):
        if customer in customers:
            yield Gap(customers[customer], account, whole_hour(last[customer, account] - _LATE))


def whole_hour(moment: datetime) -> datetime:
    """Return the hour that contains a time."""
    return moment.replace(minute=0, second=0, microsecond=0)


def hour(moment: datetime) -> str:
    """Format an hour for `sluice replay`."""
    return f"{moment:%Y-%m-%dT%H}"
