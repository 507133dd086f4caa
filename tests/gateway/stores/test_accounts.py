import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.accounts import Accounts, AccountsError

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "accounts.sqlite"


@pytest.fixture
def accounts(path):
    opened = Accounts.open(path)
    yield opened
    opened.close()


def test_neither_tokens_nor_passwords_are_in_the_file(accounts, path):
    accounts.add_user("user", accounts.add_customer("customer"), "planted-password")
    token, _ = accounts.add_subscription_token(1, NOW, timedelta(days=1))
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"customer" in content
    assert b"planted-password" not in content
    assert token.encode() not in content


def test_accounts_outlive_a_restart(path):
    before = Accounts.open(path)
    token, expires_at = before.add_subscription_token(before.add_customer("customer"), NOW, timedelta(days=1))
    key = before.signing_key()
    before.close()
    after = Accounts.open(path)
    found = after.subscription_token(token, NOW)
    assert found is not None
    assert (found.expires_at, after.signing_key()) == (expires_at, key)
    after.close()


def test_a_customer_is_added_once(accounts):
    assert accounts.add_customer("one") == accounts.add_customer("one") != accounts.add_customer("other")


def test_two_users_of_one_name_are_refused_whosever_they_are(accounts):
    accounts.add_user("user", accounts.add_customer("one"), "x")
    with pytest.raises(AccountsError, match="'user' already"):
        accounts.add_user("user", accounts.add_customer("other"), "x")


def test_a_replaced_password_is_the_only_one(accounts):
    accounts.add_user("user", accounts.add_customer("customer"), "old")
    accounts.set_password("user", "new")
    assert accounts.sign_in("user", "old") is None
    assert accounts.sign_in("user", "new") is not None


def test_the_password_of_an_unknown_user_cannot_be_replaced(accounts):
    with pytest.raises(AccountsError, match="no user 'user'"):
        accounts.set_password("user", "new")


def test_a_file_of_another_version_is_left_alone(path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(AccountsError, match="another version"):
        Accounts.open(path)
