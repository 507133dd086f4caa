import io
import json
import re
from contextlib import closing

import pytest

from gateway.cli import main
from gateway.stores.accounts import Accounts, Role
from gateway.stores.audit_log import AuditLog
from gateway.stores.stores import open_database


@pytest.fixture
def data(tmp_path):
    """A directory of the customer acme, with the administrator ada and the reader bob."""
    with closing(open_database(tmp_path)) as database:
        acme = Accounts(database).add_customer("acme")
        Accounts(database).add_user("ada", acme, "a password of tests")
        Accounts(database).add_user("bob", acme, "a password of tests", Role.READER, one_time=True)
    return tmp_path


@pytest.fixture
def run(data):
    """Runs a command about users, and returns its exit code."""
    return lambda *words: main(["user", *words, "--data", str(data)])


@pytest.fixture
def read(data):
    """Reads something of the accounts."""

    def reading(function):
        with closing(open_database(data)) as database:
            return function(database)

    return reading


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())


def customers(database):
    return [name for (name,) in database.run("SELECT name FROM customers ORDER BY id")]


def test_users_are_listed_in_a_table_and_as_json(run, capfd):
    assert run("list") == 0
    assert capfd.readouterr().out.splitlines() == [
        "CUSTOMER  USER  ROLE           PASSWORD",
        "acme      ada   administrator  own",
        "acme      bob   reader         one-time, not replaced yet",
    ]
    assert run("list", "--json") == 0
    assert json.loads(capfd.readouterr().out) == [
        {"customer": "acme", "name": "ada", "role": "administrator", "one_time_password": False},
        {"customer": "acme", "name": "bob", "role": "reader", "one_time_password": True},
    ]


def test_a_role_is_changed_and_the_audit_log_has_it(run, read, capfd):
    assert run("role", "bob", "administrator") == 0
    assert capfd.readouterr().err == "The role of bob is administrator now.\n"
    assert read(lambda database: Accounts(database).named("bob").role) is Role.ADMINISTRATOR
    (entry,) = read(lambda database: AuditLog(database).page(Accounts(database).customer_of("bob")))
    assert (entry.who, entry.action.words, entry.subject) == (
        "the command line",
        "changed a user's role",
        "bob, administrator",
    )


@pytest.mark.parametrize("words", [("remove", "ada"), ("role", "ada", "reader")])
def test_the_last_administrator_is_kept_with_a_sentence_that_says_what_to_do(run, capfd, words):
    assert run(*words) == 1
    assert "ada is the last administrator" in (told := capfd.readouterr().err)
    assert "Make somebody else an administrator first." in told
    assert run("role", "bob", "administrator") == 0
    assert run(*words) == 0


@pytest.mark.parametrize("words", [("remove", "eve"), ("role", "eve", "reader"), ("reset", "eve")])
def test_somebody_unknown_is_called_so(run, capfd, words):
    assert run(*words) == 1
    assert "There is no user 'eve'." in capfd.readouterr().err


@pytest.mark.parametrize("word", ["reset", "password"])
def test_a_password_is_replaced_by_a_one_time_one(run, read, capfd, word):
    assert run(word, "ada") == 0
    password = re.search("password of ada is (.+) \\(it is not shown again\\)", capfd.readouterr().err)[1]
    assert read(lambda database: Accounts(database).sign_in("ada", password)).needs_new_password


@pytest.mark.parametrize(
    ("customer", "meant"), [("acmee", " Did you mean 'acme'?"), ("ACME", " Did you mean 'acme'?"), ("contoso", "")]
)
def test_without_a_terminal_an_unknown_customer_is_refused(run, read, capfd, customer, meant):
    assert run("add", "carol", "--customer", customer) == 1
    told = capfd.readouterr().err
    assert told.startswith(f"There is no customer '{customer}'.{meant} `customer list`")
    assert "--new-customer" in told
    assert read(customers) == ["acme"]


def test_at_a_terminal_an_unknown_customer_is_asked_about(run, read, capfd, typing):
    for line in ("", "n", "acme"):
        typing(line)
        assert run("add", "carol", "--customer", "acmee") == 1
        asked = "There is no customer 'acmee'. Did you mean 'acme'? Create 'acmee'? [y/N]\nNothing was changed.\n"
        assert capfd.readouterr().err == asked
    assert read(customers) == ["acme"]
    typing("Y")
    assert run("add", "carol", "--customer", "acmee") == 0
    assert read(customers) == ["acme", "acmee"]


def test_a_customer_is_created_on_purpose(run, read):
    assert run("add", "carol", "--customer", "contoso", "--new-customer") == 0
    assert read(customers) == ["acme", "contoso"]
    assert run("add", "dora", "--customer", "contoso", "--new-customer") == 0
    assert read(customers) == ["acme", "contoso"]


def test_a_name_that_is_taken_leaves_no_new_customer_behind(run, read, capfd):
    assert run("add", "ada", "--customer", "contoso", "--new-customer") == 1
    assert "The user name 'ada' is taken." in capfd.readouterr().err
    assert read(customers) == ["acme"]


@pytest.mark.parametrize("name", ["", " ", "a\u202eb", "a\nb", "x" * 101])
def test_a_name_that_nobody_could_read_is_refused(run, capfd, name):
    for words in (("add", name, "--customer", "acme"), ("add", "carol", "--customer", name, "--new-customer")):
        with pytest.raises(SystemExit, match="2"):
            run(*words)
        assert "is not a name of 1 to 100 visible characters" in capfd.readouterr().err
