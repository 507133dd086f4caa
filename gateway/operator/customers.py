"""The operation `customers`: list the customers and their data."""

from typing import Any

from gateway.clock import iso
from gateway.operator.work import RefusedError, Work
from gateway.stores.customers import Customer


def list_customers(work: Work) -> dict[str, Any]:
    """Return every customer and its data, by name."""
    customers = work.stores.customers.all(work.clock())
    return {"customers": [told(work, customer) for customer in customers]}


def told(work: Work, customer: Customer) -> dict[str, Any]:
    """Return what operators see of a customer."""
    began_at = customer.removal_began_at
    return {
        "name": customer.name,
        "users": customer.users,
        "tokens": customer.tokens,
        "records": work.stores.records.count(customer.number),
        "holds": customer.holds,
        "removal_began_at": None if began_at is None else iso(began_at),
    }


def customer_of(work: Work) -> Customer:
    """Return the customer that an operation is for.

    Raises:
        RefusedError: There is none with this name.
    """
    name = str(work.arguments["customer"])
    customer = work.stores.customers.find(name, work.clock())
    if customer is None:
        raise RefusedError(f"There is no customer {name!r}. `customer list` lists the customers.")
    return customer
