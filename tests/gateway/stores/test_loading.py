from ipaddress import IPv4Address, IPv6Address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from gateway.stores.loading import number
from shared.flowlog.record import canonical_address

V4 = st.ip_addresses(v=4)


@given(V4, st.integers(0, 32))
def test_an_ipv4_network_is_one_range_of_numbers(address, bits):
    network = ip_network(f"{address}/{bits}", strict=False)
    low, high = int(number(str(network[0]))), int(number(str(network[-1])))
    assert high - low == network.num_addresses - 1
    assert low <= int(number(str(address))) <= high


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_is_its_own_number(address):
    assert int(number(str(address))) == int(address)


@given(V4, V4)
def test_addresses_keep_their_order(one, other):
    assert (one < other) == (int(number(str(one))) < int(number(str(other))))


def test_both_kinds_share_one_space_without_meeting():
    assert int(number(str(IPv4Address("10.0.0.4")))) == int(IPv6Address("::ffff:10.0.0.4"))
    assert canonical_address("::ffff:10.0.0.4") != "10.0.0.4"
