from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agent.sockets import ss
from tests.agent.builders import endpoint

RECORDED = Path(__file__).parent / "recorded"


def parsed(name):
    return ss.parse((RECORDED / f"linux-ss-{name}.txt").read_text().splitlines())


def counters(name, local, remote):
    return parsed(name).counters.get((endpoint(local), endpoint(remote)))


def test_what_the_kernel_counted_is_understood():
    assert counters("client", "10.77.0.2:51938", "10.77.0.1:8080") == (300, 20000, 6, 16)


def test_a_peer_of_ipv4_at_a_socket_of_both_families_is_of_ipv4():
    assert counters("server", "10.77.0.1:8080", "10.77.0.2:51938") == (20000, 300, 15, 6)


def test_zones_are_removed():
    assert counters("client", "fe80::b81c:efff:fe60:a601:45824", "fe80::1:8080") == (100, 20000, 6, 17)


def test_what_is_left_out_is_zero_where_there_are_other_counters():
    assert counters("client", "10.77.0.2:39304", "10.77.0.1:5432") == (1, 0, 2, 1)
    assert counters("server", "10.77.0.1:5432", "10.77.0.2:39304") == (0, 0, 0, 2)


def test_a_connection_that_the_kernel_only_remembers_has_no_counters():
    assert counters("client", "10.77.0.2:39310", "10.77.0.1:5432") is None


def test_a_kernel_that_counts_no_packets_counts_bytes_all_the_same():
    assert parsed("old").counters == {(endpoint("10.0.0.4:22"), endpoint("10.0.0.9:51022")): (4129, 3573, None, None)}


def test_no_recorded_line_is_damaged():
    assert [parsed(name).damaged for name in ("client", "server", "old")] == [0, 0, 0]


def test_a_damaged_line_is_counted_and_takes_no_other_along():
    lines = (RECORDED / "linux-ss-client.txt").read_text().replace("10.77.0.2:51938", "10.77.0.2:x").splitlines()
    found = ss.parse(lines)
    assert found.damaged == 1
    assert len(found.counters) == len(parsed("client").counters) - 1


@given(st.data())
def test_no_text_raises_anything(data):
    text = (RECORDED / "linux-ss-server.txt").read_text()
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    found = ss.parse((text[:begin] + data.draw(st.text()) + text[end:]).splitlines())
    assert all(min(each.bytes_sent, each.bytes_received) >= 0 for each in found.counters.values())
