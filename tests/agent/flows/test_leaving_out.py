from agent.flows.connections import connections_of
from agent.flows.leaving_out import LeftOut, left_out_of
from tests.agent.builders import connection, endpoint, looks

EDGE = frozenset({endpoint("10.0.0.9:8048")})


def left_out(*sockets):
    [snapshot] = looks(sockets)
    return left_out_of(connections_of(snapshot), EDGE)


def test_the_machines_talk_with_itself_is_left_out():
    talk = [
        connection("127.0.0.1:41000", "127.0.0.1:5432"),
        connection("::1:41000", "::1:5432"),
        connection("10.0.0.4:41000", "10.0.0.4:5432"),
    ]
    assert len(left_out(*talk).loopback) == len(talk)


def test_so_is_its_talk_from_one_card_to_another():
    [snapshot] = looks(
        [
            connection("10.0.0.4:41000", "10.1.0.4:5432"),
            connection("10.1.0.4:5432", "10.0.0.4:41000"),
            connection("10.0.0.4:41001", "10.1.0.5:5432"),
        ]
    )
    found = left_out_of(connections_of(snapshot), EDGE, machine=frozenset({"10.0.0.4", "10.1.0.4"}))
    assert {str(key.remote.address) for key in found.loopback} == {"10.0.0.4", "10.1.0.4"}


def test_the_agents_own_connections_are_left_out():
    found = left_out(connection("10.0.0.4:41000", "10.0.0.9:8048"))
    assert (len(found.own), len(found.loopback)) == (1, 0)


def test_other_connections_to_the_edges_machine_are_not():
    assert (
        left_out(connection("10.0.0.4:41000", "10.0.0.9:443"), connection("10.0.0.4:8048", "10.0.0.9:41000")).keys
        == frozenset()
    )


def test_a_link_left_out_at_two_looks_is_counted_once():
    found = left_out(connection("127.0.0.1:41000", "127.0.0.1:5432"))
    assert len(found.and_also(found).and_also(LeftOut()).keys) == 1
