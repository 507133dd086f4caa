"""The operations, which are the same whether a serving gateway or the command itself carries them out."""

from collections.abc import Mapping
from typing import Final

from gateway.operator.backup import back_up
from gateway.operator.budget import budget
from gateway.operator.customers import list_customers
from gateway.operator.erasure import erase
from gateway.operator.removal import remove
from gateway.operator.work import Operation

OPERATIONS: Final[Mapping[str, Operation]] = {
    "backup": back_up,
    "budget": budget,
    "customers": list_customers,
    "erase": erase,
    "remove": remove,
}
"""The operations, by name."""
