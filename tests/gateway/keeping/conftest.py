from datetime import UTC, datetime
from itertools import count

import pytest

from gateway.stores.stores import open_stores
from gateway.traffic.posts import Post
from gateway.traffic.transposed import transposed

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


@pytest.fixture
def stores(tmp_path):
    with open_stores(tmp_path) as opened:
        yield opened


@pytest.fixture
def customer(stores):
    """The number of a customer."""
    return stores.accounts.add_customer("customer")


@pytest.fixture
def post(stores):
    """Stores flow records of a customer's in a post of their own."""
    numbers = count()

    def store(customer, *records):
        stores.records.store(Post(customer, f"key-{next(numbers)}", b"", b"{}", NOW), transposed(records))

    return store
