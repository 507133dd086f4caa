from ipaddress import ip_address
from itertools import count

import anyio
import pytest
from starlette.requests import Request

from gateway.signing_in import SigningIn, TooManyTriesError
from gateway.stores.journal import Deed
from gateway.stores.passwords import hash_password
from gateway.stores.stores import open_stores

_FIRST = ip_address("198.18.0.1")
_hosts = count()


@pytest.fixture
def stores(tmp_path):
    with open_stores(tmp_path) as opened:
        opened.accounts.add_user("ada", opened.accounts.add_customer("customer"), "right")
        yield opened


@pytest.fixture
def signing_in(stores, clock):
    return SigningIn(stores, clock.now, behind_a_proxy=True)


@pytest.fixture
def attempt(signing_in):
    def run(name, password="wrong", host=None):
        host = host or str(_FIRST + next(_hosts))
        request = Request({"type": "http", "headers": [(b"x-forwarded-for", host.encode())], "client": None})
        try:
            user = anyio.run(signing_in.user, request, name, password, Deed.SIGNED_IN)
        except TooManyTriesError:
            return "wait"
        return "wrong" if user is None else "in"

    return run


def test_one_address_holds_up_no_other(attempt):
    assert [attempt(f"name-{number}", host="192.0.2.1") for number in range(31)] == ["wrong"] * 30 + ["wait"]
    assert attempt("ada", "right", host="192.0.2.2") == "in"


def test_many_addresses_are_held_up_together(attempt):
    assert [attempt(f"name-{number}") for number in range(301)] == ["wrong"] * 300 + ["wait"]
    assert attempt("ada", "right") == "wait"


def test_names_that_are_refused_for_the_sake_of_all_leave_nothing(attempt, signing_in):
    for number in range(310):
        attempt(f"name-{number}")
    assert len(signing_in._of_a_name._made_up_at) == 300


def test_a_long_name_is_not_kept(attempt, signing_in):
    attempt("x" * 60_000)
    assert all(len(kind) < 100 for kind in signing_in._of_a_name._made_up_at)


def test_a_new_password_is_hashed_before_the_transaction(signing_in, stores, monkeypatch):
    def hashed(password):
        assert not stores.database._connection.in_transaction
        return hash_password(password)

    monkeypatch.setattr("gateway.stores.accounts.hash_password", hashed)
    monkeypatch.setattr("gateway.signing_in.hash_password", hashed)
    user = stores.accounts.sign_in("ada", "right")
    request = Request({"type": "http", "headers": [], "client": None})
    assert anyio.run(signing_in.change_password, request, user, "right", "new")
    assert stores.accounts.sign_in("ada", "new") == user
