import pytest

from gateway.stores.accounts import Accounts
from gateway.stores.database import Database


@pytest.fixture
def path(tmp_path):
    return tmp_path / "accounts.sqlite"


@pytest.fixture
def database(path):
    opened = Database.open(path)
    yield opened
    opened.close()


@pytest.fixture
def accounts(database):
    return Accounts(database)


@pytest.fixture
def customer(accounts):
    """The number of a customer."""
    return accounts.add_customer("customer")
