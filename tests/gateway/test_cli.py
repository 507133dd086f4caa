import gzip
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
import requests
from cryptography.fernet import Fernet

from dev.gateway.local import agents_token, new_customer
from gateway.cli import main
from gateway.clock import to_ms
from gateway.connections import MOST_SCRAPERS
from gateway.stores.accounts import Accounts
from gateway.stores.audit_log import AuditLog
from gateway.stores.stores import open_database, open_stores
from gateway.traffic.posts import Post
from gateway.traffic.transposed import transposed
from shared.flowlog.record import Source
from tests.gateway.client import AgentClient, Client, agent_record, ndjson, record
from tests.gateway.console.person import Person, text_of
from tests.gateway.stores.directories import version_0_1

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _umask():
    """The command line changes it for its process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway that was started for the first time, over TLS, and what it told on stderr."""

    data: Path
    url: str
    edge_url: str
    certificate: Path
    told: str

    def sign_in(self, name, password):
        form = {"username": name, "password": password, "token": "true"}
        return requests.post(self.url + "/auth", data=form, verify=str(self.certificate), timeout=20).status_code


@contextmanager
def serve(data, *options):
    """Serve until the end of the context, and see the process end as it should."""
    command = [sys.executable, "-m", "gateway", "serve", "--data", str(data), "--port", "0", "--package", __file__]
    command += options
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            told = orjson.loads(process.stdout.readline())
            process.edge_url = told.get("edge")
            process.metrics_url = told.get("metrics")
            yield process, told["listening"]
        finally:
            process.terminate()
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == b""


@pytest.fixture(scope="module")
def served(tmp_path_factory, certificate):
    """One gateway for the tests of this module."""
    data = tmp_path_factory.mktemp("parent") / "data"
    options = ["--certificate", str(certificate.certificate), "--key", str(certificate.key), "--edge-port", "0"]
    with serve(data, *options) as (process, url):
        yield Served(data, url, process.edge_url, certificate.certificate, process.stderr.readline().decode())


def test_the_first_start_tells_a_password_and_it_works_over_tls(served):
    told = re.search(r"administrator is (\S+), with the password (\S+) ", served.told)
    assert told is not None
    assert served.url.startswith("https://127.0.0.1:")
    assert served.sign_in(*told.groups()) == 201


def test_agents_are_answered_where_there_is_a_certificate(served):
    assert served.edge_url.startswith("https://127.0.0.1:")
    answer = requests.get(served.edge_url + "/healthz", verify=str(served.certificate), timeout=20)
    assert answer.json().keys() == {"status", "time"}


def test_agents_that_wait_are_answered_when_the_gateway_ends(tmp_path, certificate):
    with closing(open_database(tmp_path)) as database:
        customer = new_customer(database, "customer")
        token = agents_token(database, customer)
    pem, key = str(certificate.certificate), str(certificate.key)
    options = ["--edge-certificate", pem, "--edge-key", key, "--edge-port", "0"]

    def read(connection):
        with closing(connection):
            return orjson.loads(connection.getresponse().read())

    with ThreadPoolExecutor(1) as pool, serve(tmp_path, *options) as (process, url):
        assert url.startswith("http://")
        agent = AgentClient(process.edge_url, token, customer.number, pem)
        etag = agent.ask().json()["etag"]
        asking = http.client.HTTPSConnection(
            urlsplit(process.edge_url).netloc, timeout=20, context=ssl.create_default_context(cafile=pem)
        )
        headers = agent.who | {"Authorization": f"Bearer {agent.token}"}
        asking.request("GET", f"/agent/v1/request?known={etag}", headers=headers)
        # What is answered now was asked later.
        assert agent.call("GET", "/healthz").status_code == 200
        answer = pool.submit(read, asking)
    assert answer.result()["etag"] == etag


def test_a_port_for_agents_that_is_taken_is_named(tmp_path, capsys, certificate):
    pem, key = str(certificate.certificate), str(certificate.key)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = ["--port", "0", "--edge-certificate", pem, "--edge-key", key, "--edge-port", port]
        assert main(["serve", "--data", str(tmp_path), *options]) == 1
    assert f"port {port}" in (told := capsys.readouterr().err)
    assert "Choose another --host or --edge-port." in told


def test_without_a_certificate_no_agents_are_answered(tmp_path):
    with closing(open_database(tmp_path)) as database:
        new_customer(database, "customer")
    with serve(tmp_path) as (process, _):
        assert process.edge_url is None


def test_a_later_start_tells_none(tmp_path):
    with closing(open_database(tmp_path)) as database:
        new_customer(database, "customer")
    with serve(tmp_path) as (_, url):
        assert requests.get(url + "/healthz", timeout=20).status_code == 200


def test_what_the_gateway_keeps_is_for_its_own_user_only(served):
    names = {"accounts.sqlite", "records.duckdb"}
    assert names <= {file.name for file in served.data.iterdir()}
    assert all((served.data / name).stat().st_mode & 0o077 == 0 for name in [".", *names])


def test_a_user_can_be_added_while_the_gateway_serves_and_the_password_replaced(served, capsys):
    added = ["user", "add", "ada", "--customer", "contoso", "--new-customer", "--data", str(served.data)]
    assert main(added) == 0
    first = told_password(capsys)
    assert served.sign_in("ada", first) == 201
    assert main(["user", "reset", "ada", "--data", str(served.data)]) == 0
    assert served.sign_in("ada", first) == 401
    assert served.sign_in("ada", told_password(capsys)) == 201
    with closing(open_database(served.data)) as database:
        customer = Accounts(database).customer_of("ada")
        told = [entry.action.words for entry in AuditLog(database).page(customer) if entry.who == "the command line"]
    assert told == ["gave a user a new one-time password", "added a user"]


def test_while_a_gateway_serves_it_erases_records_and_removes_a_customer(served, capsys):
    data = ["--data", str(served.data)]
    with closing(open_database(served.data)) as database:
        customer = new_customer(database, "leaving")
    headers = {"Authorization": f"Bearer {customer.subscription_token}", "Idempotency-Key": "key"}
    headers |= {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}

    def post():
        body = gzip.compress(ndjson(record(), record(src_ip="10.0.0.5")))
        options = {"headers": headers, "verify": str(served.certificate), "timeout": 20}
        return requests.post(served.url + "/qas/flow-logs", body, **options)

    assert post().status_code == 202
    assert main(["records", "erase", "--customer", "leaving", "--address", "10.0.0.5", "--yes", *data]) == 0
    assert "1 of 1 record erased." in capsys.readouterr().err
    assert post().json()["duplicate"] is True
    assert main(["customer", "list", *data]) == 0
    assert "leaving: 1 user, 1 token, 1 record, 0 holds" in capsys.readouterr().out
    assert main(["customer", "remove", "leaving", "--yes", *data]) == 0
    assert post().status_code == 401
    assert served.sign_in(customer.user, customer.password) == 401
    assert main(["customer", "remove", "leaving", "--yes", *data]) == 1
    assert "no customer 'leaving'" in capsys.readouterr().err


def told_password(capsys):
    found = re.search(r"password of \w+ is (\S+) ", capsys.readouterr().err)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--host", "0.0.0.0"], "unencrypted on 0.0.0.0"),
        (["--host", "::"], "unencrypted on ::"),
        (["--host", "gateway.example"], "unencrypted on gateway.example"),
        (["--certificate", "c.pem"], "go together"),
        (["--key", "k.pem"], "go together"),
        (["--edge-certificate", "c.pem"], "--edge-certificate and --edge-key go together"),
        (["--edge-key", "k.pem"], "--edge-certificate and --edge-key go together"),
        (["--edge-port", "0"], "over TLS only"),
        (["--metrics-port", "0", "--metrics-host", "0.0.0.0"], "unencrypted on 0.0.0.0"),
        (["--metrics-token-file", "README.md"], "needs --metrics-port"),
        (["--metrics-port", "0", "--metrics-token-file", "nowhere"], "can't be read"),
        (["--metrics-port", "0", "--metrics-token-file", "README.md"], "does not contain a valid token"),
        (
            ["--port", "0", "--edge-certificate", "pyproject.toml", "--edge-key", "pyproject.toml", "--edge-port", "0"],
            "not a certificate and its key",
        ),
        (["--host", "192.0.2.1", "--behind-a-proxy"], "Cannot listen on 192.0.2.1"),
        *[
            (["--public-url", url], "not a valid gateway address")
            for url in (
                "gateway.example",
                "http://gateway.example",
                "https://gateway.example/path",
                "https://ada:secret@gateway.example",
                "https://gateway.example?x",
                "https://gateway.example:99999",
                "javascript://%0aalert(1)",
                "https://",
            )
        ],
    ],
)
def test_serving_in_a_way_that_cannot_be_right_is_refused(tmp_path, capsys, options, named):
    assert main(["serve", "--data", str(tmp_path), *options]) == 1
    assert named in capsys.readouterr().err


def test_prometheus_has_a_port_of_its_own_and_sees_customers_by_its_own_token(tmp_path):
    token = tmp_path / "token"
    token.write_text("0123456789abcdef\n")
    data = tmp_path / "data"
    with closing(open_database(data)) as database:
        customer = new_customer(database, "ada")
    with serve(data, "--metrics-port", "0", "--metrics-token-file", str(token)) as (process, url):
        assert urlsplit(process.metrics_url).netloc != urlsplit(url).netloc
        assert requests.get(f"{url}/metrics", timeout=10).status_code == 404
        assert Client(url, customer.subscription_token, customer.number).post(ndjson(record())).status_code == 202
        texts = [
            requests.get(f"{process.metrics_url}/metrics", headers=headers, timeout=10).text
            for headers in ({}, {"Authorization": "Bearer 0123456789abcdef"})
        ]
        assert all('sluice_connections{listener="metrics"} 1.0' in text for text in texts)
        assert all(f'sluice_connections_limit{{listener="metrics"}} {MOST_SCRAPERS}.0' in text for text in texts)
        assert all("sluice_records_accepted_total 1.0" in text for text in texts)
        assert ["sluice_customer_posts_total" in text for text in texts] == [False, True]


def test_records_that_are_older_than_they_are_kept_are_deleted_at_the_start_as_the_console_says(tmp_path):
    now = datetime.now(UTC)
    old, young = (record(time=to_ms(now - timedelta(days=days))) for days in (3, 1))
    with open_stores(tmp_path) as stores:
        customer = new_customer(stores.database, "ada")
        stores.retention.set(customer.number, {Source.VNET: 1})
        seen = [agent_record(time=each["time"]) for each in (old, young)]
        stores.records.store(Post(customer.number, "key", b"", b"{}", now), transposed([old, young, *seen]))
    with serve(tmp_path, "--keep-days", "2") as (_process, url):
        person = Person(url)
        person.sign_in("ada", customer.password)
        told = text_of(person.get("/setup/retention"))
        assert "Default 2 days (set by the gateway's operator with --keep-days )" in told
        assert re.search("NSG flow logs 2 days .* VNet flow logs 1 day no record yet.* Agents 2 days", told)
    with open_stores(tmp_path) as stores:
        assert list(stores.records.records(customer.number)) == [young, seen[1]]
        assert stores.records.find(customer.number, "key") is not None


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "36501", "1000000", "x", ""])
def test_a_number_of_days_that_is_not_valid_is_refused(tmp_path, days):
    with pytest.raises(SystemExit, match="2"):
        main(["serve", "--data", str(tmp_path), "--keep-days", days])


@pytest.mark.parametrize(
    "harm", [Path.unlink, lambda key: key.write_bytes(Fernet.generate_key()), lambda key: key.write_text("x")]
)
def test_a_key_of_secrets_that_does_not_fit_is_reported_at_the_start(tmp_path, harm):
    data = version_0_1(tmp_path)
    harm(data / "secrets.key")
    command = [sys.executable, "-m", "gateway", "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert b"listening" in process.stdout.readline()
        process.terminate()
        told = process.stderr.read().decode()
    assert f"{data / 'secrets.key'} is missing, damaged, or not the key of this directory" in told
    assert "contoso-production of contoso, fabrikam-production of fabrikam can't be decrypted" in told


@pytest.mark.parametrize("is_built", [False, True])
def test_a_package_that_is_not_built_yet_is_reported_at_the_start_with_its_command(tmp_path, is_built):
    package = tmp_path / "function.zip"
    if is_built:
        package.touch()
    command = [sys.executable, "-m", "gateway", "serve", "--data", str(tmp_path / "data"), "--port", "0"]
    with subprocess.Popen(
        [*command, "--package", str(package)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert b"listening" in process.stdout.readline()
        process.terminate()
        told = process.stderr.read().decode().splitlines()
    named = [line for line in told if line.startswith(f"{package} is missing") and "`make package` builds it" in line]
    assert len(named) == (0 if is_built else 1)


def test_a_directory_that_cannot_be_used_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["serve", "--data", str(tmp_path / "file" / "data")]) == 1
    assert "file/data cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("where", [0, 4096])
def test_records_that_are_damaged_are_to_be_restored(tmp_path, capsys, where):
    with open_stores(tmp_path):
        pass
    with (tmp_path / "records.duckdb").open("r+b") as file:
        file.seek(where)
        file.write(b"\xff" * 8192)
    assert main(["serve", "--data", str(tmp_path), "--port", "0"]) == 1
    told = capsys.readouterr().err
    assert "records.duckdb cannot be opened." in told
    assert "restore it from a backup" in told
    assert "another gateway" not in told


def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_only(tmp_path, capsys):
    added = ["user", "add", "ada", "--customer", "contoso", "--new-customer", "--data", str(tmp_path)]
    assert main(added) == 0
    form = {"username": "ada", "password": told_password(capsys)}
    with serve(tmp_path, "--public-url", "https://gateway.example/") as (_, url):
        answer = requests.post(url + "/sign-in", data=form, timeout=20, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Set-Cookie"].startswith("__Host-sluice-")
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_user_who_is_removed_cannot_sign_in(served, capsys):
    added = ["user", "add", "eve", "--customer", "default", "--role", "reader", "--data", str(served.data)]
    assert main(added) == 0
    password = told_password(capsys)
    assert served.sign_in("eve", password) == 201
    assert main(["user", "remove", "eve", "--data", str(served.data)]) == 0
    assert "Subscription tokens stay valid" in capsys.readouterr().err
    assert served.sign_in("eve", password) == 401
    assert main(["user", "remove", "eve", "--data", str(served.data)]) == 1
    assert "no user 'eve'" in capsys.readouterr().err


def test_an_unknown_user_gets_no_password(tmp_path, capsys):
    assert main(["user", "reset", "ada", "--data", str(tmp_path)]) == 1
    assert "no user 'ada'" in capsys.readouterr().err


def test_a_misspelt_command_is_refused():
    with pytest.raises(SystemExit, match="2"):
        main(["sevre"])
