import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.clock import utc_now
from gateway.stores.audit_log import Action, Actor
from gateway.stores.stores import open_stores
from gateway.traffic.posts import Post
from gateway.traffic.transposed import transposed
from tests.gateway.client import record
from tests.gateway.operator.removing.two_customers import unpack

_ROOT = Path(__file__).parents[4]
_MANY = 60


@pytest.fixture(scope="session")
def _two_customers(tmp_path_factory):
    data = tmp_path_factory.mktemp("two") / "data"
    unpack(data)
    return data


@pytest.fixture
def data(_two_customers, tmp_path):
    """The directory of two customers."""
    return Path(shutil.copytree(_two_customers, tmp_path / "data"))


@pytest.fixture
def stores(data):
    with open_stores(data) as opened:
        yield opened


@pytest.fixture(scope="session")
def _many_customers(tmp_path_factory):
    data = tmp_path_factory.mktemp("many") / "data"
    with open_stores(data) as stores, stores.database.transaction():
        for name in map(str, range(_MANY)):
            customer, now = stores.accounts.add_customer(name), utc_now()
            stores.accounts.add_user(f"user {name}", customer, "a password of tests")
            stores.audit_log.add(Actor(customer, "ada"), now, Action.MADE_TOKEN, "token 1")
            for key in ("first", "second"):
                lines = [record(), record(rule=f"rule of {name}"), record(src_ip="10.0.0.5")]
                stores.records.store(Post(customer, key, b"", b"{}", now), transposed(lines))
    return data


@pytest.fixture
def killed(_many_customers, tmp_path):
    """Gives the directory that an operation left which was killed at each change, and how often it was."""

    def run(name):
        data = Path(shutil.copytree(_many_customers, tmp_path / "killed"))
        program = [sys.executable, "-m", "tests.gateway.operator.removing.killed", data, name]
        told = subprocess.run(program, cwd=_ROOT, check=True, capture_output=True, text=True).stdout
        return data, int(told)

    return run
