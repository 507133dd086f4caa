import pytest

from gateway.stores import passwords
from gateway.stores.passwords import hash_password, is_password, new_password


@pytest.fixture(autouse=True)
def _at_the_gateways_own_cost(cost_of_a_hash, monkeypatch):
    monkeypatch.setattr(passwords, "_N", cost_of_a_hash)


def test_a_hash_costs_what_owasp_asks_for():
    assert hash_password("password").startswith("scrypt$32768$8$1$")


def test_a_password_is_known_again_and_another_is_not():
    stored = hash_password("pässwörd")
    assert is_password("pässwörd", stored)
    assert not is_password("password", stored)


def test_the_same_password_is_stored_differently_each_time_and_never_as_it_is():
    stored = {hash_password("password") for _ in range(2)}
    assert len(stored) == 2
    assert not any("password" in text for text in stored)


def test_made_up_passwords_differ():
    assert len({new_password() for _ in range(100)}) == 100
