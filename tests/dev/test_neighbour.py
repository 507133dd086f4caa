import json
import os
import subprocess
import time

import psutil

from dev.neighbour import neighbour
from tests.agent.namespaces import require_namespaces


def namespaces():
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True)
    return [line.split()[0] for line in listed.stdout.splitlines() if line.split()[0] == f"sluice-{os.getpid()}"]


def test_a_neighbour_talks_to_this_machine_and_is_gone_afterwards(tmp_path):
    require_namespaces(in_ci=bool(os.environ.get("CI")))
    with neighbour(tmp_path / "log") as beside:
        connections = [each for each in psutil.net_connections("tcp") if each.raddr and each.raddr.ip == beside.address]
        lasting = next(each for each in connections if each.status == "ESTABLISHED")
        assert lasting.laddr == (beside.machine, beside.port)
        first = json.loads(beside.log.read_text().splitlines()[0])
        assert (first["event"], abs(first["time"] / 1000 - time.time()) < 60) == ("begin", True)
    assert namespaces() == []
    assert f"sluice{os.getpid()}" not in psutil.net_if_addrs()


def test_where_none_can_be_made_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with neighbour(tmp_path / "log") as beside:
        assert beside is None
