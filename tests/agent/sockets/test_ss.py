from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agent.flows.table import State
from agent.sockets import netstat_linux, ss
from tests.agent.builders import endpoint

RECORDED = Path(__file__).parent / "recorded"


def text_of(name):
    return (RECORDED / f"linux-ss-{name}.txt").read_text()


def parsed(name):
    return ss.parse(text_of(name).splitlines(keepends=True))


def socket_at(name, local, remote=None):
    [found] = [
        each
        for each in parsed(name).sockets
        if each.local == endpoint(local) and each.remote == (endpoint(remote) if remote else None)
    ]
    return found


def test_it_shows_what_netstat_shows():
    for end in ("client", "server"):
        other = netstat_linux.parse((RECORDED / f"linux-netstat-{end}.txt").read_text())
        assert sorted((each[:4] for each in parsed(end).sockets), key=repr) == sorted(
            (each[:4] for each in other.sockets), key=repr
        )


def test_the_process_is_told_where_there_is_one():
    assert socket_at("client", "10.77.0.2:33144", "10.77.0.1:8080").process == "python3"
    assert socket_at("client", "10.77.0.2:54364", "10.77.0.1:5432").process is None
    assert socket_at("old", "10.0.0.4:22", "10.0.0.9:51022").process == "sshd"


def test_a_process_may_have_any_name():
    line = text_of("old").splitlines()[2]
    for name in ("a b", 'a"b', "a)b", "(sd-pam)", "tmux: server"):
        [found] = ss.parse([line.replace("sshd", name)]).sockets
        assert found.process == name


def test_a_line_break_in_a_processs_name_hides_nothing():
    whole = text_of("client")
    [expected] = [each for each in parsed("client").sockets if each.local == endpoint("10.77.0.2:33144")]
    assert expected.counters
    for name in ("py\nx", "py\n y", "py\n\n", "py\n bytes_sent:1", "py\rx"):
        broken = whole.replace('"python3"', f'"{name}"').replace("\r", "\n")  # as text is read
        found = ss.parse(broken.splitlines(keepends=True))
        assert (found.damaged, len(found.sockets)) == (0, len(parsed("client").sockets))
        assert expected._replace(process="py") in found.sockets


def test_whether_a_listener_takes_both_families_is_reported():
    assert socket_at("server", ":::8080").both_families
    assert not socket_at("server", ":::9090").both_families


def test_what_the_kernel_counted_is_understood():
    assert socket_at("client", "10.77.0.2:33144", "10.77.0.1:8080").counters == (300, 20000, 6, 16)


def test_a_peer_of_ipv4_at_a_socket_of_both_families_is_of_ipv4():
    assert socket_at("server", "10.77.0.1:8080", "10.77.0.2:33144").counters == (20000, 300, 15, 6)


def test_zones_are_removed():
    assert socket_at("client", "fe80::7c01:2dff:fe73:2c3c:36850", "fe80::1:8080").counters == (100, 20000, 6, 17)


def test_what_is_left_out_is_zero_where_there_are_other_counters():
    assert socket_at("client", "10.77.0.2:54348", "10.77.0.1:5432").counters == (1, 0, 2, 1)
    assert socket_at("server", "10.77.0.1:5432", "10.77.0.2:54348").counters == (0, 0, 0, 2)


def test_a_connection_that_the_kernel_only_remembers_has_no_counters():
    found = socket_at("client", "10.77.0.2:54364", "10.77.0.1:5432")
    assert (found.state, found.counters) == (State.TIME_WAIT, None)


def test_a_kernel_that_counts_no_packets_counts_bytes_all_the_same():
    assert socket_at("old", "10.0.0.4:22", "10.0.0.9:51022").counters == (4129, 3573, None, None)
    assert socket_at("old", "10.0.0.4:22", "10.0.0.9:51023").counters is None


def test_no_recorded_line_is_damaged():
    assert [parsed(name).damaged for name in ("client", "server", "old")] == [0, 0, 0]


def test_a_damaged_line_is_counted_and_takes_no_other_along():
    for whole, broken in (
        ("10.77.0.2:33144 ", "10.77.0.2:x "),
        ("CLOSE-WAIT", "CLOSE-WADE"),
        ("tcp   SYN-SENT   0      1                               10.77.0.2:46002", "tcp   SYN-SENT   0      1"),
    ):
        assert whole in text_of("client")
        found = ss.parse(text_of("client").replace(whole, broken).splitlines())
        assert found.damaged == 1
        assert len(found.sockets) == len(parsed("client").sockets) - 1


@given(st.sampled_from(["client", "server", "old"]), st.data())
def test_no_text_raises_anything(name, data):
    text = text_of(name)
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(begin + 60, len(text))))
    found = ss.parse((text[:begin] + data.draw(st.text()) + text[end:]).splitlines())
    assert all(0 < each.local.port < 65_536 for each in found.sockets)
    assert all(min(each.counters[:2]) >= 0 for each in found.sockets if each.counters)
