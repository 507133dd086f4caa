import gzip
import os
import socket
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.clock import utc_now
from gateway.operator.removal import remove
from gateway.operator.work import RefusedError
from gateway.stores.duckdb.counting.batch import HOUR_MS
from gateway.stores.duckdb.counting.marking import HOURS_AT_ONCE
from gateway.stores.errors import StoreError
from gateway.stores.operator_log import Action
from gateway.stores.stores import open_stores
from gateway.traffic.posts import Post, RemovedError
from gateway.traffic.transposed import transposed
from tests.gateway.client import agent_record, ndjson, record
from tests.gateway.operator.removing.two_customers import (
    accounts_of,
    accounts_of_nobody,
    records_of,
    records_of_nobody,
    repeated_by_nobody,
    work,
)

ROOT = Path(__file__).parents[4]
CONTOSO, FABRIKAM = 1, 2


def remove_contoso(data):
    with open_stores(data) as stores:
        return remove(work(stores, "contoso"))


def rows(data, customer):
    return accounts_of(data, customer) | records_of(data, customer)


def test_a_customer_goes_from_every_table_and_the_other_keeps_every_row(data):
    with open_stores(data) as stores:
        hours = transposed([record(time=1_795_447_800_000 + hour * HOUR_MS) for hour in range(HOURS_AT_ONCE + 1)])
        for customer in (CONTOSO, FABRIKAM):
            stores.records.store(Post(customer, "many hours", b"hash", b"{}", utc_now()), hours)
        stores.removals.begin(CONTOSO, utc_now())
    contoso, fabrikam = rows(data, CONTOSO), rows(data, FABRIKAM)
    # A new table belongs here, and to what `removals` removes, if anything in it is a customer's.
    assert accounts_of_nobody(data) == {"signing_key", "operator_log", "sqlite_sequence"}
    assert records_of_nobody(data) == {"schema_version", "edges_merged", "turned_records"}
    ended = {"users", "sessions", "subscription_tokens"}
    assert {table for table, found in contoso.items() if not found} == ended
    assert {table for table, found in fabrikam.items() if not found} == {"removals"}
    remove_contoso(data)
    assert not any(rows(data, CONTOSO).values())
    assert rows(data, FABRIKAM) == fabrikam
    assert repeated_by_nobody(data) == 0


def test_at_the_begin_of_a_removal_nobody_signs_in_or_posts_any_more(stores):
    (token,) = (each for each in stores.tokens.all(CONTOSO) if each.state(utc_now()) == "active")
    stores.removals.begin(CONTOSO, utc_now())
    assert token not in stores.tokens.all(CONTOSO)
    assert stores.accounts.customer_of("contoso-administrator") is None
    assert stores.database.run("SELECT count(*) FROM sessions") == [(2,)]
    with pytest.raises(StoreError, match="is being removed"):
        stores.accounts.add_customer("contoso")


def test_nothing_of_a_removed_customer_is_left_in_the_bytes_of_the_accounts(data, stores):
    stores.accounts.remove_user("contoso-reader")
    remove(work(stores, "contoso"))
    left = b"".join(file.read_bytes() for file in data.glob("accounts.sqlite*"))
    assert b"fabrikam-production" in left
    assert b"contoso-" not in left
    assert b"contosoeastus" not in left


def test_what_the_documentation_says_rids_the_records_file_of_the_bytes_too(data):
    remove_contoso(data)
    fabrikam = records_of(data, FABRIKAM)
    assert b"contoso" in (data / "records.duckdb").read_bytes()
    lines = (ROOT / "docs" / "data.md").read_text().splitlines()
    start = lines.index("      cd DIR") + 1
    script = "\n".join(line[6:] for line in lines[start : lines.index("      END") + 1])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(["bash", "-c", script], cwd=data, env={"PATH": path}, check=True)
    assert b"contoso" not in (data / "records.duckdb").read_bytes()
    assert records_of(data, FABRIKAM) == fabrikam
    with open_stores(data) as stores:
        stores.records.store(Post(FABRIKAM, "next", b"", b"{}", utc_now()), transposed([record()]))


def test_a_removal_stands_in_the_operators_log_and_a_look_does_not(stores):
    found = remove(work(stores, "contoso", look_only=True))
    assert (found["users"], found["records"], found["removal_began_at"]) == (2, 241, None)
    assert stores.operator_log.all() == []
    remove(work(stores, "contoso"))
    (done,) = stores.operator_log.all()
    assert (done.who, done.action, done.subject) == ("the tests", Action.REMOVED_CUSTOMER, "contoso")


def test_a_hold_refuses_a_removal_until_it_is_lifted(stores):
    now = utc_now()
    hold = stores.holds.add(CONTOSO, "port:1", now, now, "the case of 2026", "ada", now)
    before = rows_beside(stores)
    with pytest.raises(RefusedError, match=rf"hold {hold} of ada \(the case of 2026\).*Lift"):
        remove(work(stores, "contoso"))
    assert rows_beside(stores) == before
    stores.holds.lift(CONTOSO, hold, now)
    remove(work(stores, "contoso"))
    assert stores.customers.find("contoso", now) is None


def rows_beside(stores):
    return stores.customers.all(utc_now()), stores.records.count(CONTOSO), stores.tokens.all(CONTOSO)


def test_a_customer_that_is_not_there_is_reported(stores):
    with pytest.raises(RefusedError, match="no customer 'nobody'"):
        remove(work(stores, "nobody"))


def test_after_a_restart_in_the_middle_nothing_is_stored_of_the_customer(data):
    with open_stores(data) as stores:
        stores.removals.begin(CONTOSO, utc_now())
    with open_stores(data) as stores:
        with pytest.raises(RemovedError):
            stores.records.store(Post(CONTOSO, "late", b"", b"{}", utc_now()), transposed([record()]))
        stores.records.refuse(CONTOSO, "late", utc_now(), 401, "The token has ended.")
        stores.records.store(Post(FABRIKAM, "late", b"", b"{}", utc_now()), transposed([record()]))
    assert "late" not in str(records_of(data, CONTOSO))


@pytest.mark.long
def test_a_removal_that_is_killed_at_any_change_is_whole_or_continues(killed):
    data, kills = killed("remove")
    with open_stores(data) as stores:
        now = utc_now()
        for name in map(str, range(kills)):
            customer = stores.customers.find(name, now)
            logged = name in {done.subject for done in stores.operator_log.all()}
            assert (customer is None) == logged
            if customer is None:
                continue
            if customer.removal_began_at is None:
                assert (customer.users, stores.records.count(customer.number)) == (1, 6)
            remove(work(stores, name))
        left = stores.customers.all(now)
        assert str(kills) not in {customer.name for customer in left}
        assert all((each.users, stores.records.count(each.number)) == (1, 6) for each in left)
    assert kills > 20
    assert len(left) > 2
    assert repeated_by_nobody(data) == 0
    assert not any(found for number in range(1, kills + 2) for found in rows(data, number).values())


@pytest.fixture
def client_of_logs(client):
    return client, "/qas/flow-logs", {"Idempotency-Key": "late"}, ndjson(record())


@pytest.fixture
def client_of_agents(agent, accept):
    accept(agent)
    return agent, "/agent/v1/traffic", agent.who | {"Idempotency-Key": f"{agent.id}:0"}, ndjson(agent_record())


@pytest.mark.parametrize("sender", ["client_of_logs", "client_of_agents"])
def test_a_post_that_was_let_in_before_the_removal_and_ends_after_it_leaves_nothing_behind(request, gateway, sender):
    client, path, headers, lines = request.getfixturevalue(sender)
    (name,) = (each.name for each in gateway.stores.customers.all(utc_now()) if each.number == client.customer)
    body = gzip.compress(lines)
    with closing(connected(client)) as connection:
        connection.sendall(head(client, path, headers, len(body)))
        # Told once the token was looked at.
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        remove(work(gateway.stores, name))
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")
    assert gateway.stores.records.count(client.customer) == 0
    assert gateway.stores.records.find(client.customer, headers["Idempotency-Key"]) is None
    assert gateway.stores.customers.find(name, utc_now()) is None


def connected(client):
    address = urlsplit(client.url)
    connection = socket.create_connection((address.hostname, address.port), timeout=20)
    if address.scheme == "http":
        return connection
    return ssl.create_default_context(cafile=client.certificate).wrap_socket(
        connection, server_hostname=address.hostname
    )


def head(client, path, headers, size):
    sent = headers | {
        "Host": "gateway",
        "Authorization": f"Bearer {client.token}",
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
        "Content-Length": str(size),
        "Expect": "100-continue",
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    return "\r\n".join(lines).encode()


def test_an_agent_that_waits_is_answered_and_let_in_no_more(gateway, agent):
    etag, before = agent.ask().json()["etag"], len(gateway.stores.changes)
    (name,) = (each.name for each in gateway.stores.customers.all(utc_now()) if each.number == agent.customer)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(agent.ask, etag)
        while len(gateway.stores.changes) == before:
            pass
        remove(work(gateway.stores, name))
        assert answer.result(10).json()["etag"] == etag
    assert agent.ask(etag).status_code == 401
