import pytest

from agent.flows.direction import Basis, Direction, Listeners, bearing_of
from agent.flows.table import Key, Protocol
from tests.agent.builders import EPHEMERAL, endpoint, listening


def bearing(local, remote, *listeners, protocol=Protocol.TCP):
    return bearing_of(Key(protocol, endpoint(local), endpoint(remote)), Listeners(listeners), EPHEMERAL)


def test_a_link_to_a_port_that_listens_is_inbound():
    found = bearing("10.0.0.4:50051", "10.0.0.5:41000", listening("0.0.0.0:50051", "server"))
    assert found == (Direction.INBOUND, Basis.LISTEN, "server")


@pytest.mark.parametrize("port", [8080, 9200, 33000, 45001, 50051, 60500])
def test_the_listening_port_decides_whatever_its_number(port):
    assert bearing(f"10.0.0.4:{port}", "10.0.0.5:1024", listening(f"10.0.0.4:{port}")).direction is Direction.INBOUND


def test_an_address_that_does_not_listen_is_not_a_listener():
    assert bearing("10.0.0.4:80", "10.0.0.5:41000", listening("10.0.0.9:80")).basis is Basis.UNKNOWN


def test_a_listener_of_another_protocol_is_not_a_listener():
    other = listening("0.0.0.0:443", protocol=Protocol.UDP)
    assert bearing("10.0.0.4:443", "10.0.0.5:41000", other).basis is Basis.UNKNOWN


def test_a_listener_of_both_families_takes_both():
    both = listening(":::80", "nginx")
    assert bearing("10.0.0.4:80", "10.0.0.5:41000", both).direction is Direction.INBOUND
    assert bearing("2001:db8::4:80", "2001:db8::5:41000", both).direction is Direction.INBOUND


def test_a_listener_of_ipv6_alone_does_not_take_ipv4():
    only = listening(":::80", both_families=False)
    assert bearing("10.0.0.4:80", "10.0.0.5:41000", only).basis is Basis.UNKNOWN


def test_a_listener_of_ipv4_does_not_take_ipv6():
    assert bearing("2001:db8::4:80", "2001:db8::5:41000", listening("0.0.0.0:80")).basis is Basis.UNKNOWN


def test_an_ephemeral_port_to_one_that_is_not_is_outbound():
    assert bearing("10.0.0.4:41000", "10.0.0.5:443") == (Direction.OUTBOUND, Basis.EPHEMERAL, None)


@pytest.mark.parametrize(("local", "remote"), [(41000, 50051), (443, 41000), (443, 8443)])
def test_where_nothing_tells_the_direction_is_unknown(local, remote):
    assert bearing(f"10.0.0.4:{local}", f"10.0.0.5:{remote}") == (None, Basis.UNKNOWN, None)


def test_the_listener_with_a_name_stands_for_all_at_its_place():
    workers = [listening("0.0.0.0:80"), listening("0.0.0.0:80", "nginx"), listening("0.0.0.0:80", "other")]
    assert bearing("10.0.0.4:80", "10.0.0.5:41000", *workers).listener == "nginx"


def test_a_bound_udp_socket_listens():
    dns = listening("0.0.0.0:53", "named", Protocol.UDP)
    assert bearing("10.0.0.4:53", "10.0.0.5:41000", dns, protocol=Protocol.UDP).direction is Direction.INBOUND
