import io
import json
import os
import pwd
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from dev.gateway.local import GatewayProcess, new_customer
from gateway.cli import main
from gateway.clock import utc_now
from gateway.stores.stores import open_database, open_stores
from tests.gateway.client import Client, code, ndjson, record


@pytest.fixture
def data(tmp_path):
    """A directory of two customers, of whom one has a user, two good tokens and a hold that was lifted."""
    with open_stores(tmp_path) as stores:
        now = utc_now()
        contoso = stores.accounts.add_customer("contoso")
        stores.accounts.add_customer("fabrikam")
        stores.accounts.add_user("ada", contoso, "a password of tests")
        for days in (0, 1, 2):
            stores.tokens.add(contoso, now, timedelta(days=days))
        stores.holds.lift(contoso, stores.holds.add(contoso, "", now, now, "a case", "ada", now), now)
    return str(tmp_path)


def test_customers_are_listed_with_what_they_have(data, capfd):
    assert main(["customer", "list", "--data", data]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "contoso: 1 user, 2 tokens, 0 records, 0 holds",
        "fabrikam: 0 users, 0 tokens, 0 records, 0 holds",
    ]
    assert main(["customer", "list", "--json", "--data", data]) == 0
    assert [each["tokens"] for each in json.loads(capfd.readouterr().out)] == [2, 0]


def test_a_customer_is_removed_once_its_name_is_typed(data, capfd, typing):
    typing("contoso")
    assert main(["customer", "remove", "contoso", "--data", data]) == 0
    told = capfd.readouterr().err
    assert "contoso has 1 user, 2 tokens, 0 records, 0 holds." in told
    assert "Backups made before " in told
    assert "delete them" in told
    assert main(["customer", "list", "--data", data]) == 0
    assert capfd.readouterr().out == "fabrikam: 0 users, 0 tokens, 0 records, 0 holds\n"
    assert main(["customer", "log", "--data", data]) == 0
    who = pwd.getpwuid(os.getuid()).pw_name
    assert f"the command line ({who})  removed a customer  contoso" in capfd.readouterr().out
    assert main(["customer", "log", "--json", "--data", data]) == 0
    assert [done["subject"] for done in json.loads(capfd.readouterr().out)] == ["contoso"]


@pytest.mark.parametrize("typed", ["yes", "Contoso", ""])
def test_anything_else_that_is_typed_removes_nothing(data, capfd, typing, typed):
    typing(typed)
    assert main(["customer", "remove", "contoso", "--data", data]) == 1
    assert "Nothing was changed." in capfd.readouterr().err
    assert main(["customer", "list", "--data", data]) == 0
    assert "contoso: 1 user" in capfd.readouterr().out


def test_without_a_terminal_a_script_says_that_it_is_sure(data, capfd, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("contoso\n"))
    assert main(["customer", "remove", "contoso", "--data", data]) == 1
    assert "Add --yes" in capfd.readouterr().err
    assert main(["customer", "remove", "contoso", "--yes", "--data", data]) == 0


def test_a_removal_that_was_cut_off_is_listed_and_named_to_whom_adds_a_user(data, capfd, typing):
    with open_stores(Path(data)) as stores:
        stores.removals.begin(1, utc_now())
    assert main(["customer", "list", "--data", data]) == 0
    assert "being removed since " in capfd.readouterr().out
    assert main(["user", "add", "bob", "--customer", "contoso", "--data", data]) == 1
    assert "is being removed. Run `customer remove`" in capfd.readouterr().err
    typing("contoso")
    assert main(["customer", "remove", "contoso", "--data", data]) == 0
    assert "Its removal has already begun." in capfd.readouterr().err


@pytest.mark.parametrize("command", [["customer", "list"], ["customer", "log"], ["customer", "remove", "x", "--yes"]])
def test_a_directory_that_is_not_there_is_not_made(tmp_path, capfd, command):
    missing = tmp_path / "mistyped"
    assert main([*command, "--data", str(missing)]) == 1
    assert f"{missing} contains no gateway's data" in capfd.readouterr().err
    assert not missing.exists()


def test_an_argument_that_is_not_text_is_refused(data, capfd):
    assert main(["customer", "remove", "\udcff", "--yes", "--data", data]) == 1
    assert "An argument is not valid UTF-8" in capfd.readouterr().err


def test_a_budget_is_reported_and_set(data, capfd):
    assert main(["customer", "budget", "contoso", "--texts", "5000", "--stored-bytes", "200GB", "--data", data]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "contoso: 0 of 5,000 distinct texts, 0.0%",
        "contoso: 0 of 200,000,000,000 stored bytes, 0.0%",
    ]
    assert main(["customer", "budget", "contoso", "--texts", "default", "--json", "--data", data]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["texts"] == {"used": 0, "budget": 3_000_000}
    assert told["stored_bytes"] == {"used": 0, "budget": 200_000_000_000}
    assert main(["customer", "log", "--data", data]) == 0
    assert "set a budget  contoso: 3,000,000 distinct texts, 200,000,000,000 stored" in capfd.readouterr().out


@pytest.mark.parametrize(
    "wrong", [["--texts", "0"], ["--texts", "5MB"], ["--stored-bytes", "-1"], ["--stored-bytes", "1.5TB"]]
)
def test_a_budget_that_is_not_valid_is_refused(data, capfd, wrong):
    with pytest.raises(SystemExit) as ended:
        main(["customer", "budget", "contoso", *wrong, "--data", data])
    assert ended.value.code == 2
    assert "or default" in capfd.readouterr().err


def test_a_budget_that_is_raised_while_the_gateway_serves_holds_at_once_and_a_kill_forgets_nothing(tmp_path, capfd):
    with closing(open_database(tmp_path)) as database:
        contoso = new_customer(database, "contoso")
    serving = GatewayProcess(tmp_path)
    client = Client(serving.url, contoso.subscription_token, contoso.number)
    set_to = ["customer", "budget", "contoso", "--data", str(tmp_path), "--texts"]
    assert main([*set_to, "2"]) == 0
    assert client.post(ndjson(record()), key="first").status_code == 202
    assert code(client.post(ndjson(record(rule="new")), key="second")) == (429, "budget_spent")
    serving.kill()
    with GatewayProcess(tmp_path) as again:
        client = Client(again.url, contoso.subscription_token, contoso.number)
        assert code(client.post(ndjson(record(rule="new")), key="second")) == (429, "budget_spent")
        assert client.post(ndjson(record()), key="first").json()["duplicate"] is True
        capfd.readouterr()
        assert main([*set_to, "3"]) == 0
        assert "contoso: 2 of 3 distinct texts, 66.7%" in capfd.readouterr().out
        assert client.post(ndjson(record(rule="new")), key="second").status_code == 202
