import pytest

from gateway.stores.accounts import Accounts
from gateway.stores.database import Database
from tests.gateway.stores.directories import columns, rows, version_0_1


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


@pytest.fixture
def data(tmp_path):
    """A directory of version 0.1."""
    return version_0_1(tmp_path)


@pytest.fixture
def kept(data):
    """All that is in it, by the columns that it has."""
    return rows(data)


@pytest.fixture
def old_columns(data):
    """The columns that it has."""
    return columns(data)
