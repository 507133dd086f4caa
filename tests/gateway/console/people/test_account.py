import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.console.people import account
from tests.gateway.console.conftest import PASSWORD
from tests.gateway.console.person import Person, text_of

NEW = "another password of tests"
CHANGE = {"current": PASSWORD, "new": NEW, "again": NEW}


@pytest.fixture
def newcomer(gateway, team, new_user):
    """Somebody who has signed in with a one-time password."""
    person = Person(gateway.url)
    person.name = new_user(team.customer, one_time=True)
    assert person.sign_in(person.name, PASSWORD, next="/setup/audit-log").headers["Location"] == "/account"
    return person


@pytest.mark.parametrize("address", ["/setup/audit-log", "/setup/audit-log?before=7"])
def test_a_one_time_password_opens_nothing_but_its_own_replacement(newcomer, address):
    assert newcomer.get(address).headers["Location"] == "/account"
    page = newcomer.get("/account")
    assert "one-time password" in text_of(page)
    assert "/setup/tokens" not in page.text


def test_a_newcomer_with_a_password_of_their_own_is_let_in(gateway, newcomer):
    changed = newcomer.send("/account", CHANGE)
    assert (changed.status_code, changed.headers["Location"]) == (303, "/")
    assert newcomer.get("/setup/audit-log").status_code == 200
    assert Person(gateway.url).sign_in(newcomer.name, PASSWORD).status_code == 401
    assert Person(gateway.url).sign_in(newcomer.name, NEW).headers["Location"] == "/"


def test_a_newcomer_may_sign_out(newcomer):
    assert newcomer.send("/sign-out").headers["Location"] == "/sign-in"


def test_a_new_password_ends_all_other_sessions(gateway, team, new_user):
    name = new_user(team.customer)
    here, there = Person(gateway.url), Person(gateway.url)
    for person in (here, there):
        person.sign_in(name, PASSWORD)
    changed = here.send("/account", CHANGE)
    assert changed.headers["Location"] == "/account?changed=1"
    assert "The password was changed." in text_of(here.get("/account?changed=1"))
    assert there.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"current": "wrong"}, "This is not your current password."),
        ({"current": ""}, "Enter your current password."),
        ({"new": "short", "again": "short"}, "Choose at least 12 characters"),
        ({"new": "password1234", "again": "password1234"}, "This password is too easy to guess"),
        ({"new": PASSWORD, "again": PASSWORD}, "This is your current password."),
        ({"again": "something else"}, "The passwords differ."),
    ],
)
def test_what_is_wrong_with_a_new_password_is_at_its_field(administrator, change, told):
    answer = administrator.send("/account", CHANGE | change)
    assert answer.status_code == 422
    assert told in text_of(answer)
    assert PASSWORD not in answer.text
    assert NEW not in answer.text


def test_the_own_name_adds_nothing_to_a_password(gateway, team):
    gateway.stores.accounts.add_user("ada.lovelace", team.customer, PASSWORD)
    ada = Person(gateway.url)
    ada.sign_in("ada.lovelace", PASSWORD)
    for new, status in (("Lovelace-ada-1815", 422), ("Lovelace counts seven violet engines", 303)):
        assert ada.send("/account", CHANGE | {"new": new, "again": new}).status_code == status


def test_guessing_the_present_password_is_held_up(administrator):
    answers = [administrator.send("/account", CHANGE | {"current": "wrong"}).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_the_change_is_in_the_audit_log_and_no_password_is(gateway, team, administrator):
    administrator.send("/account", CHANGE)
    entry = gateway.stores.audit_log.page(team.customer)[0]
    assert entry.action.words == "changed the password"
    assert PASSWORD not in str(entry)


def test_new_passwords_are_estimated_one_at_a_time(administrator, monkeypatch):
    estimating, most = [], []

    def estimate(password, _user):
        estimating.append(password)
        most.append(len(estimating))
        time.sleep(0.02)
        estimating.remove(password)
        return "Too easy."

    monkeypatch.setattr(account, "password_error", estimate)
    passwords = [f"password {number}" for number in range(6)]
    with ThreadPoolExecutor(len(passwords)) as pool:
        answers = pool.map(lambda new: administrator.send("/account", {"current": PASSWORD, "new": new}), passwords)
        assert {answer.status_code for answer in answers} == {422}
    assert most == [1] * len(passwords)
