import datetime as dt
import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.azurite import Azurite, StorageAccount, azurite
from dev.certificate import Certificate, make_certificate
from dev.chaos.storage_control import StorageControl, storage_proxy
from gateway.stores import passwords
from tests import examples

examples.register()

# What takes longest begins first, what waits beside what works: a worker that comes to it last keeps all the others.
_FOLDER = Path(__file__).parent
_FIRST = (
    "dev/chaos/test_exactly_once.py",
    "gateway/stores/duckdb/counting/test_counting.py",
    "gateway/browser/test_traffic.py",
    "agent/commands/test_run.py",
    "gateway/console/traffic/test_list.py",
    "agent/test_three_tiers.py",
    "terraform/setup/test_preflight.py",
    "shared/delivery/test_replay.py",
    "gateway/stores/duckdb/test_usage.py",
    "gateway/stores/test_upgrade_cut_off.py",
)

# Container and queue names are Azure's, the same in every test: what keeps tests apart is an account each.
_ACCOUNTS_A_WORKER = 1000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    turns = {_FOLDER / name: turn for turn, name in enumerate(_FIRST)}
    items.sort(key=lambda item: turns.get(item.path, len(turns)))


def pytest_collection_finish() -> None:
    """Look no more for garbage among thousands of tests and all that they import, which stays to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cost_of_a_hash() -> Iterator[int]:
    """Lets this process hash passwords at next to no cost; gives the gateway's own, which is high on purpose."""
    with pytest.MonkeyPatch.context() as patch:
        own = passwords._N
        patch.setattr(passwords, "_N", 2)
        yield own


@pytest.fixture(scope="session", name="azurite")
def _azurite() -> Iterator[Azurite]:
    """One real Azurite, in memory, for all tests of a worker."""
    with azurite(accounts=_ACCOUNTS_A_WORKER) as running:
        yield running


@pytest.fixture(scope="session")
def new_account(azurite: Azurite) -> Callable[[], StorageAccount]:
    """Gives an empty storage account at each call."""
    return iter(azurite.accounts).__next__


@pytest.fixture(scope="session")
def wrong_storage(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageControl]:
    """A proxy before Azurite that answers wrongly as tests ask; accounts are reached through it by `before`."""
    with storage_proxy(azurite, tmp_path_factory.mktemp("proxy")) as control:
        yield control


@pytest.fixture
def account(new_account: Callable[[], StorageAccount]) -> StorageAccount:
    """An empty storage account."""
    return new_account()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for https on loopback."""
    return make_certificate(tmp_path_factory.mktemp("certificate"), dt.datetime.now(dt.UTC))
