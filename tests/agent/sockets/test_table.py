import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from agent.errors import TableUnreadable
from agent.flows.connections import connections_of
from agent.flows.table import Endpoint, Key, Protocol, State
from agent.sockets import by_psutil, commands, processes
from agent.sockets.fields import Parsed
from agent.sockets.table import ephemeral_ports, read_snapshot

RECORDED = Path(__file__).parent / "recorded"


class Address(NamedTuple):
    ip: str
    port: int


class Connection(NamedTuple):
    """A line as psutil gives it."""

    type: socket.SocketKind
    laddr: Address | tuple[()]
    raddr: Address | tuple[()]
    status: str
    pid: int | None


@pytest.fixture
def pair():
    """Two ends of a connection, over a socket of both families."""
    with (
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener,
        socket.create_connection(("127.0.0.1", listener.getsockname()[1])) as client,
    ):
        server, _ = listener.accept()
        with server:
            yield client, server


@pytest.fixture
def without_programs(monkeypatch, tmp_path):
    """No program of the system can be found."""
    monkeypatch.setattr(commands, "_path", lambda: str(tmp_path))


def found(client):
    """The lines of both ends of a connection."""
    connections = connections_of(read_snapshot(0))
    here, there = Endpoint(*client.getsockname()), Endpoint(*client.getpeername())
    return connections[Key(Protocol.TCP, here, there)], connections[Key(Protocol.TCP, there, here)]


def test_a_real_connection_is_seen_from_both_ends_with_its_process(pair):
    client, _ = pair
    ends = found(client)
    assert [end.state for end in ends] == [State.ESTABLISHED] * 2
    assert {end.process for end in ends} == {Path("/proc/self/comm").read_text().rstrip()}


def test_the_kernel_tells_what_a_real_connection_carried(pair):
    client, server = pair
    client.sendall(b"x" * 700)
    while len(server.recv(700, socket.MSG_PEEK)) < 700:
        pass
    here, there = found(client)
    assert (here.counters.bytes_sent, there.counters.bytes_received) == (700, 700)


@pytest.mark.usefixtures("without_programs")
def test_without_ss_there_are_no_counters(pair):
    assert [end.counters for end in found(pair[0])] == [None, None]


@pytest.mark.usefixtures("without_programs")
def test_where_ss_and_psutil_are_missing_netstat_is_read(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    recorded = (RECORDED / "linux-netstat-client.txt").read_text()
    monkeypatch.setattr("agent.sockets.table.output_of", lambda _: recorded)
    assert len(connections_of(read_snapshot(0, "linux"))) == 11


@pytest.mark.usefixtures("without_programs")
def test_where_nothing_reads_the_table_every_reason_is_given(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(TableUnreadable, match=r"ss is not installed\. psutil is missing .* netstat is not installed\."):
        read_snapshot(0, "linux")


def test_a_system_nobody_knows_is_named():
    with pytest.raises(TableUnreadable, match="can't read the connection table of plan9"):
        read_snapshot(0, "plan9")


@pytest.mark.parametrize(
    ("platform", "name"),
    [("darwin", "macos"), ("freebsd14", "freebsd"), ("sunos5", "solaris"), ("aix", "aix"), ("aix7", "aix")],
)
def test_other_systems_are_read_by_netstat_without_psutil(monkeypatch, platform, name):
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.setattr("agent.sockets.table.output_of", lambda _: (RECORDED / f"{name}.txt").read_text())
    assert len(read_snapshot(7, platform).sockets) > 7


def test_what_psutil_may_not_read_is_said(monkeypatch):
    def refuse(_):
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    with pytest.raises(TableUnreadable, match="psutil can't read the connection table"):
        by_psutil.read()


def test_a_damaged_line_of_psutil_is_counted():
    good = Connection(
        socket.SOCK_STREAM, Address("::ffff:10.0.0.4", 80), Address("10.0.0.5%eth0", 41000), "SYN_RECV", None
    )
    lines = [
        good,
        good._replace(laddr=Address("nonsense", 1)),
        good._replace(status="UNHEARD_OF"),
        good._replace(raddr=(), status="LISTEN"),
        good._replace(raddr=(), status="NONE", type=socket.SOCK_DGRAM),
        good._replace(raddr=(), status="CLOSE"),
        good._replace(laddr=(), raddr=(), status="CLOSE"),
    ]
    parsed = by_psutil.from_connections(lines)
    assert isinstance(parsed, Parsed)
    assert [each.state for each in parsed.sockets] == [State.SYN_RECEIVED, State.LISTEN, State.UNCONNECTED]
    assert (parsed.sockets[0].local.address, parsed.sockets[0].remote.address) == ("10.0.0.4", "10.0.0.5")
    assert parsed.damaged == 2


def test_a_process_that_is_gone_has_no_name():
    assert processes.name_of(2**22 + 1) is None


def test_a_name_is_printable():
    assert processes._clean("evil\x1b[31m\n") == "evil [31m"
    assert processes._clean("\n") is None
    assert len(processes._clean("x" * 1000)) == 200


@pytest.mark.usefixtures("without_programs", "pair")
def test_no_command_line_is_read(monkeypatch):
    def refuse(*_):
        pytest.fail("a command line was read")

    monkeypatch.setattr(psutil.Process, "cmdline", refuse)
    opened, watching = [], [True]

    def watch(event, arguments):
        if watching and event == "open":
            opened.append(arguments[0])

    sys.addaudithook(watch)  # which stays for ever
    read_snapshot(0)
    watching.clear()
    names = [os.fsdecode(each) for each in opened if isinstance(each, (str, bytes))]
    assert any(name.endswith("/comm") for name in names)
    assert not any("cmdline" in name or "environ" in name for name in names)


def test_the_ephemeral_range_is_the_kernels(tmp_path):
    file = tmp_path / "range"
    file.write_text("15000\t61000\n")
    assert tuple(ephemeral_ports("linux", file)) == (15000, 61000)
    file.write_text("nonsense")
    assert tuple(ephemeral_ports("linux", file)) == (32768, 60999)
    assert tuple(ephemeral_ports("linux", tmp_path / "none")) == (32768, 60999)
    assert tuple(ephemeral_ports("win32")) == (49152, 65535)
    assert tuple(ephemeral_ports("sunos5")) == (32768, 65535)


_AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs")
_TWO = "+sys_ptrace,+dac_read_search"
_WITH_TWO_CAPABILITIES = (*_AS_NOBODY, f"--bounding-set=-all,{_TWO}", f"--inh-caps={_TWO}", f"--ambient-caps={_TWO}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="the system has no Python that everybody can run")
@pytest.mark.parametrize("module", ["ss", "psutil"])
def test_the_names_of_other_users_processes_take_two_capabilities(public_copy, pair, module):
    client, _ = pair
    reader = "by_psutil.read()" if module == "psutil" else "ss.parse(commands.lines_of(ss.COMMAND))"
    script = (
        "from agent.sockets import by_psutil, commands, ss\n"
        f"ends = ({client.getsockname()[1]}, {client.getpeername()[1]})\n"
        f"sockets = [each for each in {reader}.sockets if each.remote]\n"
        "print([each.process for each in sockets if (each.local.port, each.remote.port) == ends])"
    )

    def seen(prefix):
        command = [*prefix, "/usr/bin/python3", "-c", script]
        return subprocess.run(command, cwd=public_copy, capture_output=True, text=True, check=True).stdout

    own = Path("/proc/self/comm").read_text().rstrip()
    assert seen(_AS_NOBODY) == "[None]\n"
    assert seen(_WITH_TWO_CAPABILITIES) == f"['{own}']\n"
