"""What a restored directory lacks of each storage account's logs, and how it is brought back.

A function has moved its checkpoints over all that the gateway accepted after the backup, so only `sluice replay` reads
it again. It doubles nothing, so an hour too many costs time alone, and an hour too few would lose records.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import from_ms, to_ms
from gateway.traffic.delivered import Delivered

_LATE: Final = timedelta(hours=1)
"""How much later than a log's next hour the end of an hour may be delivered: the sweep brings what an event did not."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is to be delivered once more.

    Attributes:
        customer: The customer's name.
        account: The storage account.
        start: The first hour.

    """

    customer: str
    account: str
    start: datetime

    def command(self, end: datetime) -> str:
        """Write the command that fills it, for the hours before an end."""
        return f"sluice replay --from {hour(self.start)} --to {hour(end)}"


def gaps(
    delivered: Delivered, customers: Mapping[int, str], configured: Iterable[tuple[int, str]], moment: datetime
) -> Iterator[Gap]:
    """Yield what every storage account that was known at a moment is to deliver once more.

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
    """Return the hour that a moment is in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def hour(moment: datetime) -> str:
    """Write an hour as `sluice replay` reads it."""
    return f"{moment:%Y-%m-%dT%H}"
