"""What an operator may ask: the same work, whether a gateway does it that serves, or the command by itself."""

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
"""By the names that commands ask for them."""
