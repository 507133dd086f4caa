import pytest
from starlette.requests import HTTPConnection

from gateway.sender import sender


def connection(peer, *forwarded):
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return HTTPConnection({"type": "http", "headers": headers, "client": (peer, 1) if peer else None})


def test_without_a_proxy_it_is_the_peer_whatever_a_header_says():
    assert sender(connection("192.0.2.1", "192.0.2.9"), behind_a_proxy=False) == "192.0.2.1"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (["192.0.2.9"], "192.0.2.9"),
        (["made up, 192.0.2.8, 192.0.2.9"], "192.0.2.9"),
        (["192.0.2.8", "192.0.2.9"], "192.0.2.9"),
        (["192.0.2.9, unknown"], "127.0.0.1"),
        ([], "127.0.0.1"),
    ],
)
def test_behind_a_proxy_it_is_what_the_proxy_added_last(forwarded, expected):
    assert sender(connection("127.0.0.1", *forwarded), behind_a_proxy=True) == expected


def test_addresses_that_one_subscriber_chooses_from_are_one():
    one, other = (sender(connection(f"2001:db8::{host}"), behind_a_proxy=False) for host in ("1", "ffff:2"))
    assert one == other
    assert one != sender(connection("2001:db8:0:1::1"), behind_a_proxy=False)


def test_an_ipv4_address_is_the_same_in_the_form_of_ipv6():
    assert sender(connection("::ffff:192.0.2.1"), behind_a_proxy=False) == "192.0.2.1"


def test_without_a_peer_there_is_none():
    assert sender(connection(None), behind_a_proxy=False) == ""
