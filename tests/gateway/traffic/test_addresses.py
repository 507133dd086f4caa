from ipaddress import IPv4Address, IPv6Address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from gateway.traffic.addresses import is_mapped, mapped_text, number, text

V4 = st.ip_addresses(v=4)


@given(V4, st.integers(0, 32))
def test_an_ipv4_network_is_one_range_of_numbers(address, bits):
    network = ip_network(f"{address}/{bits}", strict=False)
    low, high = number(str(network[0])), number(str(network[-1]))
    assert high - low == network.num_addresses - 1
    assert low <= number(str(address)) <= high


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_is_its_own_number(address):
    assert number(str(address)) == int(address)


@given(V4, V4)
def test_addresses_keep_their_order(one, other):
    assert (one < other) == (number(str(one)) < number(str(other)))


@given(st.ip_addresses())
def test_a_number_gives_its_address_back(address):
    give = mapped_text if is_mapped(str(address)) else text
    assert give(number(str(address))) == str(address)


@given(V4)
def test_an_ipv4_address_that_is_written_as_ipv6_is_told_from_its_number_by_a_mark(address):
    written = str(IPv6Address(f"::ffff:{address}"))
    assert number(written) == number(str(address))
    assert is_mapped(written)
    assert mapped_text(number(written)) == written
    assert not is_mapped(str(address))


def test_other_ipv6_addresses_with_a_dot_carry_no_mark():
    assert not is_mapped(str(IPv6Address("64:ff9b::10.0.0.4")))
    assert not is_mapped(str(IPv4Address("10.0.0.4")))
