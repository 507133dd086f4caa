import pytest

from gateway.stores.accounts import Accounts, Role
from gateway.stores.database import Database
from gateway.stores.errors import StoreError


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
    with pytest.raises(StoreError, match="'user' already"):
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
