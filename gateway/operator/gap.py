"""What a restored directory lacks of each storage account's logs, and how to bring it back.

The function app has moved its checkpoints over everything that the gateway accepted after the backup, so only `sluice
replay` reads it again. It duplicates nothing, so an hour too many only costs time, but an hour too few would lose
records.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import from_ms, to_ms
from gateway.traffic.delivered import Delivered

_LATE: Final = timedelta(hours=1)
"""How long after a log's next hour has begun the end of an hour may be delivered, because the sweep delivers what an
event did not.
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
    delivered: Delivered, customers: Mapping[int, str], configured: Iterable[tuple[int, str]], moment: datetime
) -> Iterator[Gap]:
    """Yield what every storage account that was known at a moment must deliver again.

    Args:
        delivered: What accounts had delivered at the moment.
        customers: The names of customers by their numbers.
        configured: The storage accounts of all deployments, each with the number of its customer. One that had
            delivered nothing yet may have begun right after the moment.
        moment: When.
    """
    last = {account: from_ms(min(newest, to_ms(moment))) for account, newest in delivered.newest.items()}
    last = dict.fromkeys({*configured, *delivered.refused}, moment) | last
    for customer, account in sorted(last):
        if customer in customers:
            yield Gap(customers[customer], account, whole_hour(last[customer, account] - _LATE))


def whole_hour(moment: datetime) -> datetime:
    """Return the hour that contains a time."""
    return moment.replace(minute=0, second=0, microsecond=0)


def hour(moment: datetime) -> str:
    """Format an hour for `sluice replay`."""
    return f"{moment:%Y-%m-%dT%H}"
