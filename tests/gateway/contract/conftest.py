import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.traffic.posts import Post
from gateway.traffic.store import RecordStore
from gateway.traffic.transposed import transposed
from tests.gateway.contract.kinds import KINDS, Opened
from tests.gateway.contract.made_up import made_up
from tests.gateway.contract.marked import Marked, marked


class Stored:
    """A store, and what is in it.

    Attributes:
        records: The store.
        of: Each customer's flow records.
    """

    def __init__(self, records: RecordStore, of: dict[int, list[Marked]]) -> None:
        self.records = records
        self.of = of


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Callable[[Path], Opened]:
    return KINDS[request.param]


@pytest.fixture
def opened(kind: Callable[[Path], Opened], tmp_path: Path) -> Iterator[Opened]:
    """An empty store."""
    stores = kind(tmp_path)
    yield stores
    stores.close()


@pytest.fixture(scope="session")
def stored(kind: Callable[[Path], Opened], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """Two customers' made-up records, in several posts each, which two writers stored in turn."""
    chance = random.Random(7)
    stores = kind(tmp_path_factory.mktemp("stored"))
    made_of: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    for number in range(12):
        customer = 1 + number % 2
        made = [made_up(chance) for _ in range(40)]
        post = Post(customer, f"key-{number}", b"hash", b"{}", datetime(2026, 11, 23, 13, number, tzinfo=UTC))
        (stores.second if number % 4 > 1 else stores.first).store(post, transposed(made))
        made_of[customer] += made
    yield Stored(stores.first, {customer: marked(made) for customer, made in made_of.items()})
    stores.close()
