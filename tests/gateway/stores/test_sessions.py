from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.accounts import Role
from gateway.stores.sessions import IDLE, LONGEST, Sessions

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def sessions(database):
    return Sessions(database)


@pytest.fixture
def user(accounts, customer):
    return accounts.add_user("user", customer, "password", Role.READER)


def test_a_session_is_known_by_its_secret_which_is_not_in_the_file(sessions, user, path):
    secret = sessions.begin(user.id, NOW)
    assert sessions.find(secret, NOW).user == user
    assert sessions.find("another", NOW) is None
    assert secret.encode() not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_two_sessions_of_a_user_have_nothing_in_common(sessions, user):
    one, other = sessions.begin(user.id, NOW), sessions.begin(user.id, NOW)
    assert one != other
    assert sessions.find(one, NOW).csrf != sessions.find(other, NOW).csrf
    sessions.end(one)
    assert sessions.find(one, NOW) is None
    assert sessions.find(other, NOW) is not None


def test_a_session_that_is_left_alone_ends(sessions, user):
    secret = sessions.begin(user.id, NOW)
    assert sessions.find(secret, NOW + IDLE - A_SECOND) is not None
    assert sessions.find(secret, NOW + 2 * IDLE - 2 * A_SECOND) is not None
    assert sessions.find(secret, NOW + 3 * IDLE) is None


def test_a_session_that_is_kept_busy_ends_too(sessions, user):
    secret = sessions.begin(user.id, NOW)
    now = NOW
    while now + IDLE / 2 < NOW + LONGEST:
        now += IDLE / 2
        assert sessions.find(secret, now) is not None
    assert sessions.find(secret, NOW + LONGEST) is None


def test_the_sessions_of_a_user_who_is_removed_end(sessions, accounts, user):
    secret = sessions.begin(user.id, NOW)
    accounts.remove_user(user.name)
    assert sessions.find(secret, NOW) is None


def test_a_new_password_ends_the_sessions_of_the_old_one(sessions, accounts, user):
    secret = sessions.begin(user.id, NOW)
    accounts.set_password(user.name, "new")
    assert sessions.find(secret, NOW) is None


def test_a_session_follows_the_role_of_its_user(sessions, accounts, user):
    secret = sessions.begin(user.id, NOW)
    accounts.set_role(user.name, Role.ANALYST)
    assert sessions.find(secret, NOW).user.role is Role.ANALYST


def test_a_session_continues_also_where_its_use_cannot_be_noted(sessions, user, database):
    secret = sessions.begin(user.id, NOW)
    database.run("PRAGMA query_only = ON")
    assert sessions.find(secret, NOW + IDLE / 2).user == user


def test_sessions_that_are_over_are_removed(sessions, user, database):
    sessions.begin(user.id, NOW - IDLE)
    sessions.begin(user.id, NOW)
    sessions.forget(NOW)
    assert database.run("SELECT count(*) FROM sessions") == [(1,)]
