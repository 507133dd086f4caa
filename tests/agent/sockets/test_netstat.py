from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import TableUnreadable
from agent.sockets import netstat_bsd, netstat_linux, netstat_solaris, netstat_windows

RECORDED = Path(__file__).parent / "recorded"
PARSERS = {
    "linux-netstat-client": netstat_linux.parse,
    "linux-netstat-server": netstat_linux.parse,
    "macos": netstat_bsd.parse,
    "freebsd": netstat_bsd.parse,
    "aix": netstat_bsd.parse_aix,
    "solaris": netstat_solaris.parse,
    "windows": netstat_windows.parse,
}


def text_of(name):
    return (RECORDED / f"{name}.txt").read_text()


def shown(parsed):
    """The sockets as text, sorted."""
    return sorted(
        f"{each.protocol.name.lower()} {each.local.address} {each.local.port} "
        + (f"{each.remote.address} {each.remote.port} " if each.remote else "")
        + each.state.value
        + ("" if each.both_families or ":" not in each.local.address else " six-alone")
        for each in parsed.sockets
    )


EXPECTED = {
    "linux-netstat-client": """
        tcp 10.77.0.2 33144 10.77.0.1 8080 established
        tcp 10.77.0.2 33150 10.77.0.1 8080 close_wait
        tcp 10.77.0.2 46002 10.77.0.99 443 syn_sent
        tcp 10.77.0.2 54336 10.77.0.1 5432 established
        tcp 10.77.0.2 54348 10.77.0.1 5432 established
        tcp 10.77.0.2 54364 10.77.0.1 5432 time_wait
        tcp 10.77.0.2 54376 10.77.0.1 5432 time_wait
        tcp 10.77.0.2 54392 10.77.0.1 5432 time_wait
        tcp fd77::2 54782 fd77::1 8080 established
        tcp fe80::7c01:2dff:fe73:2c3c 36850 fe80::1 8080 established
        udp 10.77.0.2 59178 10.77.0.1 5353 connected
    """,
    "linux-netstat-server": """
        tcp 10.77.0.1 5432 10.77.0.2 54336 established
        tcp 10.77.0.1 5432 10.77.0.2 54348 established
        tcp 10.77.0.1 5432 listen
        tcp 10.77.0.1 8080 10.77.0.2 33144 established
        tcp 10.77.0.1 8080 10.77.0.2 33150 fin_wait_2
        tcp :: 8080 listen
        tcp :: 9090 listen
        tcp fd77::1 8080 fd77::2 54782 established
        tcp fe80::1 8080 fe80::7c01:2dff:fe73:2c3c 36850 established
        udp 0.0.0.0 5353 unconnected
        udp :: 5354 unconnected
    """,
    "macos": """
        tcp 127.0.0.1 631 listen
        tcp 192.168.1.5 52514 17.57.146.20 5223 established
        tcp 192.168.1.5 52600 192.0.2.80 443 time_wait
        tcp 192.168.1.5 52601 192.0.2.81 443 syn_sent
        tcp 2001:db8:85a3:8d3:1319:8a2e:370:7348 49200 2001:db8::80 443 established six-alone
        tcp :: 5000 listen
        tcp ::1 631 listen six-alone
        tcp fe80::1 8021 fe80::1 49153 close_wait six-alone
        udp 192.168.1.5 61000 192.0.2.53 53 connected
        udp :: 5353 unconnected
    """,
    "freebsd": """
        tcp 0.0.0.0 22 listen
        tcp 10.0.0.5 22 10.0.0.9 51022 established
        tcp 10.0.0.5 49811 192.0.2.10 80 fin_wait_2
        tcp 10.0.0.5 49812 192.0.2.10 80 last_ack
        tcp 2001:db8::5 22 2001:db8::9 60001 syn_received six-alone
        tcp :: 22 listen six-alone
        tcp :: 80 listen
        udp 0.0.0.0 514 unconnected
        udp 127.0.0.1 123 unconnected
        udp fe80::1 123 unconnected six-alone
    """,
    "aix": """
        tcp 0.0.0.0 1521 listen
        tcp 9.3.110.150 1521 9.3.111.21 40001 close_wait
        tcp 9.3.110.150 22 9.3.111.20 51034 established
        tcp 9.3.110.150 32801 9.3.111.30 389 time_wait
        tcp :: 13 listen
        tcp :: 22 listen
        udp 9.3.110.150 123 unconnected
        udp :: 111 unconnected
    """,
    "solaris": """
        tcp 0.0.0.0 22 listen
        tcp 10.0.2.15 22 10.0.2.2 50034 established
        tcp 10.0.2.15 32790 192.0.2.80 443 time_wait
        tcp 10.0.2.15 32791 192.0.2.81 443 syn_sent
        tcp 127.0.0.1 25 listen
        tcp 2001:db8::15 22 2001:db8::2 50100 established
        tcp :: 22 listen
        tcp fe80::8:20ff:fe54:1 32800 fe80::2 8080 close_wait
        udp 0.0.0.0 111 unconnected
        udp 10.0.2.15 123 unconnected
        udp 10.0.2.15 40123 192.0.2.53 53 connected
        udp :: 111 unconnected
        udp fe80::8:20ff:fe54:1 546 unconnected
    """,
    "windows": """
        tcp 0.0.0.0 135 listen
        tcp 0.0.0.0 3389 listen
        tcp 10.0.0.4 3389 10.0.0.9 50211 established
        tcp 10.0.0.4 49711 20.190.151.7 443 close_wait
        tcp 10.0.0.4 49712 20.190.151.8 443 time_wait
        tcp 10.0.0.4 49713 10.0.0.99 445 syn_sent
        tcp 127.0.0.1 49670 127.0.0.1 49671 established
        tcp :: 135 listen six-alone
        tcp fe80::7c1d:5a3:8b7b:1f22 49678 fe80::2 445 established six-alone
        udp 0.0.0.0 123 unconnected
        udp 10.0.0.4 137 unconnected
        udp ::1 1900 unconnected six-alone
    """,
}


@pytest.mark.parametrize("name", PARSERS)
def test_a_recorded_table_is_understood_to_its_last_line(name):
    parsed = PARSERS[name](text_of(name))
    assert shown(parsed) == sorted(line.strip() for line in EXPECTED[name].strip().splitlines())
    assert parsed.damaged == 0


@pytest.mark.parametrize(
    ("name", "whole", "broken"),
    [
        ("linux-netstat-client", "10.77.0.99:443 ", "10.77.0.999:443"),
        ("linux-netstat-client", "SYN_SENT", "SYN_SNET"),
        ("linux-netstat-server", "10.77.0.2:54348", "10.77.0.2:99304"),
        ("macos", "tcp4       0      0  192.168.1.5.52514 ", "tcp4       0      0  192.168.1.5.    "),
        ("freebsd", "LAST_ACK", ""),
        ("aix", "9.3.111.20.51034", "9.3.111.20.5x034"),
        ("solaris", "192.0.2.53.53        Connected", "192.0.2.53.53        Confused"),
        ("solaris", "10.0.2.2.50034         64240", "10.0.2.2.50034"),
        ("windows", "CLOSE_WAIT      5320", "CLOSE_WAIT"),
    ],
)
def test_a_damaged_line_is_counted_and_takes_no_other_along(name, whole, broken):
    text = text_of(name)
    assert whole in text
    parsed = PARSERS[name](text.replace(whole, broken, 1))
    assert parsed.damaged == 1
    assert len(parsed.sockets) == len(PARSERS[name](text).sockets) - 1


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_not_a_table_is_an_error(name):
    with pytest.raises(TableUnreadable, match="no connection table: 'netstat: not permitted'"):
        PARSERS[name]("netstat: not permitted\n")


@st.composite
def mangled(draw):
    """A recorded table with something cut out, put in or said twice."""
    name = draw(st.sampled_from(sorted(PARSERS)))
    text = text_of(name)
    for _ in range(draw(st.integers(1, 5))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(begin + 40, len(text))))
        put_in = draw(
            st.text(max_size=20)
            | st.sampled_from(["\x00", "9" * 5000, "²", "\n", "*.*", "[", "%", text[begin:end] * 2])
        )
        text = text[:begin] + put_in + text[end:]
    return name, text


@given(mangled())
def test_no_input_is_worse_than_unreadable(name_and_text):
    name, text = name_and_text
    try:
        parsed = PARSERS[name](text)
    except TableUnreadable:
        return
    assert parsed.damaged >= 0
    assert all(0 < each.local.port < 65_536 and "%" not in each.local.address for each in parsed.sockets)


@given(st.sampled_from(sorted(PARSERS)), st.text())
def test_no_text_is_worse_than_unreadable(name, text):
    try:
        PARSERS[name]("Proto Recv-Q TCP: IPv4\n----\n" + text)
    except TableUnreadable:
        pytest.fail("there was a heading")
