"""List prices in USD, pay as you go, East US, as of November 2026, and the rules of billing that the cost model uses.

Nothing fetches them: *Cost analysis* of the resource groups, after a week, is the proof. Where no page was found that
confirms a price, its source is "as in docs/install.md", or "not verified".
"""

from dataclasses import dataclass
from typing import Final

DATE: Final = "November 2026"
REGION: Final = "East US"


@dataclass(frozen=True, slots=True)
class Price:
    """So many dollars for so many of something, and where that is written."""

    usd: float
    amount: float
    unit: str
    source: str

    def of(self, count: float) -> float:
        """Return what so many cost, in USD."""
        return self.usd / self.amount * count


BLOB_WRITES: Final = Price(0.05, 1e4, "blob writes, hot, LRS", "as in docs/install.md")
BLOB_LISTS: Final = Price(0.05, 1e4, "listings of blobs, a page each", "not verified: the price of writes")
BLOB_READS: Final = Price(0.004, 1e4, "reads and other operations", "as in docs/install.md")
TABLE: Final = Price(0.00036, 1e4, "operations of a table", "not verified")
QUEUE: Final = Price(0.004, 1e4, "operations of a queue", "as in docs/install.md")
EVENT_GRID: Final = Price(0.60, 1e6, "operations of Event Grid", "as in docs/install.md")
EXECUTIONS: Final = Price(0.40, 1e6, "executions", "as in docs/install.md")
COMPUTE: Final = Price(0.000026, 1.0, "GB-seconds on demand", "modal.com/blog/azure-function-pricing-guide, May 2025")
LOGS: Final = Price(2.30, 1e9, "bytes of Analytics logs", "monitoringcost.com/azure-monitor-cost, 2026")
ALERT_RULES: Final = Price(5.0, 1, "six alert rules, a month", "as in docs/install.md")
ALL: Final = (
    *(BLOB_WRITES, BLOB_LISTS, BLOB_READS, TABLE, QUEUE, EVENT_GRID, EXECUTIONS, COMPUTE, LOGS),
    ALERT_RULES,
)

LEAST_ACTIVE_SECONDS: Final = 1.0
"""What an instance is billed for at least each time that it becomes active; above that, tenths of a second ("Flex
Consumption plan", Billing). An instance counts once, however many executions it has at a time."""
EVENT_GRID_OPERATIONS: Final = 3
"""An event comes in, an advanced filter matches (`data.api`), and it is delivered: each is an operation (Event Grid
pricing, whose example of a function for blobs counts two, without such a filter)."""
