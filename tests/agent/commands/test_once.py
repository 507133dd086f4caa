import json
import os
import socket
import subprocess
import sys

import pytest

from agent.cli import main
from agent.collecting import Found
from agent.commands.once import as_table, remarks
from agent.flows.grouping import Gathering
from agent.flows.leaving_out import LeftOut
from agent.flows.record import KEYS
from agent.flows.table import State
from tests.agent.agent_process import ROOT, command, run_agent
from tests.agent.builders import connection, listening, records_of

TABLES = (
    [listening("0.0.0.0:80", "nginx")],
    [
        listening("0.0.0.0:80", "nginx"),
        connection("10.0.0.4:80", "10.0.0.5:41000", process="nginx", counters=(1_234_567, 500)),
        connection("2001:db8::4:41000", "2001:db8::5:5432", State.SYN_SENT),
        connection("10.0.0.4:7000", "10.0.0.7:7000"),
    ],
)


def test_flows_are_a_table_for_people():
    assert as_table(records_of(*TABLES, [])) == (
        "direction  process  from           to                  proto  new  ended  failed  live  sent   received\n"
        "unknown    -        10.0.0.4:7000  10.0.0.7:7000       tcp      1      1       0     0     -          -\n"
        "inbound    nginx    10.0.0.5       10.0.0.4:80         tcp      1      1       0     0   500  1,234,567\n"
        "outbound   -        2001:db8::4    [2001:db8::5]:5432  tcp      0      0       1     0     -          -\n"
    )


def test_no_flows_are_said_to_be_none():
    assert as_table([]) == "No flows.\n"


def test_what_is_not_in_the_flows_is_said():
    some = connections = frozenset({1, 2})
    said = remarks(records_of(*TABLES, []), Found(Gathering(), LeftOut(connections, some), 4), counted=False)
    assert len(said) == 4
    assert said[0] == "Left out: 2 connections within this machine, 2 to the edge."
    assert said[1] == "4 lines of the connection table could not be parsed."
    assert said[2].startswith("2 of 3 flows have no process name: root, or CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH")
    assert "ss (iproute2)" in said[3]
    assert remarks([], Found(Gathering(), LeftOut(), 0), counted=False) == []


def test_json_gives_one_object_a_flow():
    done = run_agent("once", "--print", "--json", "--seconds", "1")
    assert done.returncode == 0
    for line in done.stdout.splitlines():
        assert tuple(json.loads(line)) == KEYS


def test_it_is_plain_that_it_prints(capsys):
    with pytest.raises(SystemExit):
        main(["once"])
    assert "required: --print" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "3601", "-1", "1.5", "x"])
def test_a_time_out_of_range_is_refused(capsys, seconds):
    with pytest.raises(SystemExit):
        main(["once", "--print", "--seconds", seconds])
    assert "must be from 1 to 3600" in capsys.readouterr().err


def test_whoever_reads_may_leave():
    with subprocess.Popen(
        command("once", "--print", "--seconds", "1"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
        process.wait()
    assert b"Traceback" not in said


def test_it_opens_no_connection_and_writes_no_file(monkeypatch, capsys):
    watching, events = [True], []

    def watch(event, arguments):
        if watching and (event == "socket.connect" or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_CREAT))):
            events.append((event, arguments))

    sys.addaudithook(watch)  # which stays for ever
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert main(["once", "--print", "--json"]) == 0
    watching.clear()
    assert [each for each in events if each[1][0] != os.devnull] == []
    capsys.readouterr()


def test_the_machines_talk_with_itself_is_left_out_and_counted(capsys, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        assert main(["once", "--print", "--json"]) == 0
        port = listener.getsockname()[1]
    said = capsys.readouterr()
    assert f'"dst_port":{port}' not in said.out
    assert "connections within this machine" in said.err
