from agent.flows.record import KEYS
from agent.flows.table import Protocol, State
from shared.flowlog import record as flow_record
from tests.agent.builders import NOON, connection, listening, records_of

NGINX = listening("0.0.0.0:80", "nginx")


def inbound(port, **options):
    return connection("10.0.0.4:80", f"10.0.0.5:{port}", process="nginx", **options)


def test_a_record_has_the_keys_of_a_flow_record_and_then_its_own():
    [record] = records_of([], [connection("10.0.0.4:41000", "10.0.0.5:443", process="curl")])
    assert tuple(record) == KEYS == (*flow_record.KEYS, *flow_record.AGENT_KEYS)


def test_what_an_agent_cannot_know_is_null():
    [record] = records_of([], [connection("10.0.0.4:41000", "10.0.0.5:443", process="curl")])
    unknown = ("decision", "state", "encryption", "rule", "mac", "acl_id", "resource_id", "flow_log_id")
    assert {record[key] for key in unknown} == {None}
    assert (record["source"], record["version"], record["host"]) == ("agent", 1, "vm")


def test_an_outbound_record_begins_here():
    [record] = records_of([], [connection("10.0.0.4:41000", "10.0.0.5:443", process="curl", counters=(500, 7000))])
    assert (record["src_ip"], record["src_port"]) == ("10.0.0.4", None)
    assert (record["dst_ip"], record["dst_port"]) == ("10.0.0.5", 443)
    assert (record["direction"], record["direction_basis"], record["process"]) == ("outbound", "ephemeral", "curl")
    assert (record["bytes_src_to_dst"], record["bytes_dst_to_src"]) == (500, 7000)
    assert (record["packets_src_to_dst"], record["packets_dst_to_src"]) == (1, 8)
    assert record["counter_source"] == "tcp_info"


def test_an_inbound_record_begins_at_the_peer():
    [record] = records_of([NGINX], [NGINX, inbound(41000, counters=(500, 7000))])
    assert (record["src_ip"], record["src_port"]) == ("10.0.0.5", None)
    assert (record["dst_ip"], record["dst_port"]) == ("10.0.0.4", 80)
    assert (record["direction"], record["direction_basis"]) == ("inbound", "listen")
    assert (record["bytes_src_to_dst"], record["bytes_dst_to_src"]) == (7000, 500)
    assert (record["packets_src_to_dst"], record["packets_dst_to_src"]) == (8, 1)


def test_where_the_direction_is_unknown_both_ports_are_kept():
    records = records_of([], [connection("10.0.0.4:7000", f"10.0.0.5:{port}") for port in (7000, 7001)])
    assert [(each["src_port"], each["dst_port"]) for each in records] == [(7000, 7000), (7000, 7001)]
    assert {(each["direction"], each["direction_basis"]) for each in records} == {(None, "unknown")}


def test_connections_that_differ_in_the_ephemeral_port_alone_are_one_record():
    [record] = records_of([NGINX], [NGINX, *(inbound(port, counters=(10, 20)) for port in range(41000, 41010))])
    assert (record["links_established"], record["links_live"]) == (10, 10)
    assert (record["bytes_src_to_dst"], record["bytes_dst_to_src"]) == (200, 100)


def test_other_processes_peers_ports_and_protocols_make_other_records():
    table = [
        connection("10.0.0.4:41000", "10.0.0.5:443", process="curl"),
        connection("10.0.0.4:41001", "10.0.0.5:443", process="wget"),
        connection("10.0.0.4:41002", "10.0.0.6:443", process="curl"),
        connection("10.0.0.4:41003", "10.0.0.5:444", process="curl"),
        connection("10.0.0.3:41004", "10.0.0.5:443", process="curl"),
        connection("10.0.0.4:41000", "10.0.0.5:443", State.CONNECTED, "curl", protocol=Protocol.UDP),
    ]
    assert len(records_of([], table)) == len(table)


def test_counters_are_null_where_nobody_counted():
    [record] = records_of([], [connection("10.0.0.4:41000", "10.0.0.5:443")])
    counters = [record[key] for key in KEYS if key.startswith(("bytes_", "packets_"))]
    assert (counters, record["counter_source"]) == ([None] * 4, "none")


def test_nothing_carried_is_zero_where_somebody_counted():
    idle = [connection("10.0.0.4:41000", "10.0.0.5:443", counters=(500, 7000))]
    [record] = records_of(idle, idle)
    assert (record["bytes_src_to_dst"], record["bytes_dst_to_src"]) == (0, 0)
    assert record["counter_source"] == "tcp_info"


def test_what_happened_since_a_look_is_of_that_looks_minute():
    tables = [[], [inbound(41000)], [inbound(41000)], [inbound(41000), inbound(41001)]]
    records = records_of(*[[NGINX, *table] for table in tables])
    assert [(each["time"] - NOON, each["links_established"], each["links_live"]) for each in records] == [
        (0, 1, 1),
        (60_000, 1, 2),
    ]


def test_connections_that_end_within_the_minute_are_not_live_at_its_end():
    records = records_of([NGINX], [NGINX, inbound(41000)], [NGINX], seconds=20)
    assert [(each["links_established"], each["links_terminated"], each["links_live"]) for each in records] == [
        (1, 1, 0)
    ]


def test_records_come_in_a_fixed_order():
    table = [connection(f"10.0.0.4:{41000 + number}", f"10.0.0.{number}:443") for number in (9, 7, 8)]
    assert records_of([], table) == records_of([], table[::-1])
