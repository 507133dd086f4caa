import io
import json

import pytest

from gateway.cli import main
from gateway.clock import utc_now
from gateway.stores.stores import open_stores
from gateway.traffic.posts import Post
from gateway.traffic.transposed import transposed
from tests.gateway.client import record
from tests.support.terminal import Terminal


@pytest.fixture
def data(tmp_path):
    """A directory of a customer with records of three addresses."""
    with open_stores(tmp_path) as stores:
        contoso = stores.accounts.add_customer("contoso")
        lines = [record(src_ip=f"10.0.{host}.4", rule=f"rule {host}") for host in (0, 0, 1, 2)]
        stores.records.store(Post(contoso, "key", b"", b"{}", utc_now()), transposed(lines))
    return tmp_path


def erase(data, *options):
    return main(["records", "erase", "--customer", "contoso", "--data", str(data), *options])


def sources(data):
    with open_stores(data) as stores:
        return sorted(each["src_ip"] for each in stores.records.records(1))


def test_records_of_an_address_are_erased_once_it_was_agreed_to(data, capfd, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal("erase\n"))
    assert erase(data, "--address", "10.0.0.4") == 0
    told = capfd.readouterr().err
    assert "2 records found by ip:10.0.0.4 will be permanently erased. Type erase" in told
    assert "2 of 2 records erased." in told
    assert "`sluice replay --again`, would bring them back" in told
    assert sources(data) == ["10.0.1.4", "10.0.2.4"]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--address", "10.0.0.0/23"], ["10.0.2.4"]),
        (["--search", 'rule:"rule 2"'], ["10.0.0.4", "10.0.0.4", "10.0.1.4"]),
        (["--address", "10.9.9.9"], ["10.0.0.4", "10.0.0.4", "10.0.1.4", "10.0.2.4"]),
    ],
)
def test_a_script_erases_what_a_network_or_a_search_finds(data, capfd, options, left):
    assert erase(data, *options, "--yes", "--json") == 0
    assert json.loads(capfd.readouterr().out)["records"] == 4 - len(left)
    assert sources(data) == left


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--address", "10.0.0.4"], "Add --yes"),
        (["--address", '10.0.0.4" port:"443', "--yes"], "is not a valid address or network"),
        (["--address", "", "--yes"], "is not a valid address or network"),
        (["--search", "", "--yes"], "An empty search finds all records"),
        (["--search", "colour:red", "--yes"], "'colour' is not a search key"),
    ],
)
def test_what_cannot_be_meant_erases_nothing(data, capfd, monkeypatch, options, told):
    monkeypatch.setattr("sys.stdin", io.StringIO("erase\n"))
    assert erase(data, *options) == 1
    assert told in capfd.readouterr().err
    assert len(sources(data)) == 4


@pytest.mark.parametrize("options", [[], ["--address", "10.0.0.4", "--search", "port:22"]])
def test_either_an_address_or_a_search_says_which(data, options):
    with pytest.raises(SystemExit, match="2"):
        erase(data, *options)
