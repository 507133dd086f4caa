from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from gateway.stores.accounts import Accounts, Role
from gateway.stores.database import Database
from gateway.stores.errors import NeededError, StoreError


def test_passwords_are_not_in_the_file(accounts, customer, path):
    accounts.add_user("user", customer, "planted-password")
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"customer" in content
    assert b"planted-password" not in content


def test_accounts_outlive_a_restart(path):
    database = Database.open(path)
    added = Accounts(database).add_user("user", Accounts(database).add_customer("customer"), "password", Role.READER)
    key = Accounts(database).signing_key()
    database.close()
    database = Database.open(path)
    assert Accounts(database).sign_in("user", "password") == added == Accounts(database).user(added.id)
    assert Accounts(database).signing_key() == key
    database.close()


def test_a_customer_is_added_once(accounts):
    assert accounts.add_customer("one") == accounts.add_customer("one") != accounts.add_customer("other")


def test_two_users_of_one_name_are_refused_whosever_they_are(accounts):
    accounts.add_user("user", accounts.add_customer("one"), "x")
    with pytest.raises(StoreError, match="'user' is taken"):
        accounts.add_user("user", accounts.add_customer("other"), "x")


def test_a_user_administers_unless_told_otherwise(accounts, customer):
    assert accounts.add_user("ada", customer, "x").role is Role.ADMINISTRATOR
    assert accounts.add_user("rita", customer, "x", Role.READER).role is Role.READER


def test_a_replaced_password_is_the_only_one(accounts, customer):
    accounts.add_user("user", customer, "old")
    accounts.set_password("user", "new")
    assert accounts.sign_in("user", "old") is None
    assert accounts.sign_in("user", "new") is not None


def test_a_one_time_password_is_one_until_it_is_replaced(accounts, customer):
    assert accounts.add_user("user", customer, "old", one_time=True).needs_new_password
    assert accounts.sign_in("user", "old").needs_new_password
    accounts.set_password("user", "new")
    assert not accounts.sign_in("user", "new").needs_new_password


def test_the_password_of_an_unknown_user_cannot_be_replaced(accounts):
    with pytest.raises(StoreError, match="no user 'user'"):
        accounts.set_password("user", "new")


def test_a_role_is_changed(accounts, customer):
    for name in ("ada", "bob"):
        accounts.add_user(name, customer, "x")
    assert accounts.set_role("bob", Role.READER) == accounts.named("bob")
    assert accounts.named("bob").role is Role.READER
    with pytest.raises(StoreError, match="no user 'carol'"):
        accounts.set_role("carol", Role.READER)


def test_users_are_listed_by_name_for_each_customer(accounts, customer):
    for name in ("bob", "Ada", "carol"):
        accounts.add_user(name, customer, "x")
    accounts.add_user("eve", accounts.add_customer("other"), "x")
    assert [user.name for user in accounts.all(customer)] == ["Ada", "bob", "carol"]


@pytest.mark.parametrize("role", [Role.READER, Role.ANALYST])
def test_the_last_administrator_is_kept(accounts, customer, role):
    accounts.add_user("ada", customer, "x")
    accounts.add_user("rita", customer, "x", Role.READER)
    accounts.add_user("of another customer", accounts.add_customer("other"), "x")
    for change in (accounts.remove_user, lambda name: accounts.set_role(name, role)):
        with pytest.raises(NeededError, match=r"ada is the last administrator.* Make somebody else an administrator"):
            change("ada")
    assert accounts.set_role("ada", Role.ADMINISTRATOR).role is Role.ADMINISTRATOR
    accounts.remove_user("rita")
    accounts.add_user("bob", customer, "x")
    assert accounts.set_role("ada", role).role is role
    with pytest.raises(NeededError):
        accounts.remove_user("bob")


def test_of_two_administrators_who_go_at_once_one_is_kept(accounts, customer, path):
    for name in ("ada", "bob"):
        accounts.add_user(name, customer, "x")
    together = Barrier(2)

    def lower(name):
        # As the console and the command line do: each in its own process.
        with closing(Database.open(path)) as own:
            together.wait(10)
            try:
                return Accounts(own).set_role(name, Role.READER)
            except NeededError:
                return None

    for _ in range(20):
        for name in ("ada", "bob"):
            accounts.set_role(name, Role.ADMINISTRATOR)
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(lower, ("ada", "bob"))).count(None) == 1
