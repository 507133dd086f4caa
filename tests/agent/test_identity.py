import socket
import sys
import uuid

import psutil
import pytest

from agent.errors import SettingError
from agent.identity import Identity, identify, own_addresses


def test_the_id_is_made_once(tmp_path):
    first = identify(tmp_path / "state")
    assert uuid.UUID(first.agent_id).version == 4
    assert identify(tmp_path / "state").agent_id == first.agent_id
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", ["", "nonsense", "é"])
def test_a_damaged_id_is_not_replaced_in_silence(tmp_path, content):
    (tmp_path / "agent-id").write_text(content)
    with pytest.raises(SettingError, match="agent-id does not contain an agent id: remove it"):
        identify(tmp_path)


def test_a_state_directory_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=f"The state directory {tmp_path / 'file'} can't be used: "):
        identify(tmp_path / "file")


def test_addresses_are_those_that_mean_something_elsewhere(tmp_path, monkeypatch):
    lo, eth = (psutil.net_if_addrs().get("lo") or [])[:1], []
    for family, address in ((2, "10.0.0.4"), (10, "fe80::1%eth0"), (10, "2001:DB8::4"), (17, "00:22:48:71:c2:05")):
        eth.append(psutil._ntuples.snicaddr(family, address, None, None, None))
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"lo": lo, "eth0": eth})
    assert identify(tmp_path).addresses == ("10.0.0.4", "2001:db8::4")


def test_the_machines_own_addresses_are_those_of_all_nics(monkeypatch):
    nic = [psutil._ntuples.snicaddr(10, "FE80::1%eth0", None, None, None)]
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": nic, "eth1": []})
    assert own_addresses() == {"fe80::1"}


def test_addresses_that_nothing_tells_are_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert own_addresses() == frozenset()


def test_headers_are_plain_text():
    headers = Identity("id", "web", "Linüx\r\nX: y" + "x" * 1000, ("10.0.0.4",)).headers()
    assert headers["Agent-System"].startswith("Lin?x  X: yx")
    assert len(headers["Agent-System"]) == 200


@pytest.mark.parametrize("name", ["wéb-1", "voilà", "主机", "x" * 255])
def test_the_machines_name_is_sent_as_the_records_have_it(tmp_path, monkeypatch, name):
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    identity = identify(tmp_path)
    assert identity.headers()["Agent-Host"].encode("latin-1").decode() == identity.host == name


def test_a_machines_name_breaks_no_header(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "web\r\nX: y\udcff\n")
    identity = identify(tmp_path)
    assert identity.headers()["Agent-Host"] == identity.host == "web  X: y"
