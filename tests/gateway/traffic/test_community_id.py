import communityid
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.traffic.community_id import community_id

PORTS = st.integers(0, 65_535)
ADDRESSES = st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)) | st.tuples(
    st.ip_addresses(v=6), st.ip_addresses(v=6)
)


def test_the_specifications_own_example():
    assert community_id(6, "128.232.110.120", 34855, "66.35.250.204", 80) == "1:LQU9qZlK+B5F3KDmev6m5PMibrg="


@given(st.sampled_from([6, 17, 132, 47, 50, 255]), ADDRESSES, PORTS, PORTS)
def test_it_is_what_the_reference_implementation_gives(protocol, addresses, source_port, destination_port):
    source, destination = map(str, addresses)
    ports = (source_port, destination_port) if protocol in {6, 17, 132} else (None, None)
    expected = communityid.CommunityID().calc(communityid.FlowTuple(protocol, source, destination, *ports))
    assert community_id(protocol, source, source_port, destination, destination_port) == expected
    assert community_id(protocol, destination, destination_port, source, source_port) == expected


@pytest.mark.parametrize("protocol", [1, 58])
def test_icmp_has_none_as_its_type_is_not_logged(protocol):
    assert community_id(protocol, "10.0.0.4", 0, "10.0.0.5", 0) is None


def test_two_families_have_none():
    assert community_id(6, "10.0.0.4", 1, "::1", 2) is None
