import orjson

from shared.flowlog import KEYS, FlowRecord, to_json_line
from shared.flowlog.record import Decision, Direction, Source, State, canonical_address

RECORD = FlowRecord(
    time=1_793_610_020_101,
    src_ip="2001:db8::1",
    src_port=51_544,
    dst_ip="13.107.21.200",
    dst_port=443,
    protocol=6,
    direction=Direction.OUTBOUND,
    decision=Decision.ALLOW,
    state=State.END,
    encryption="NX",
    packets_src_to_dst=7,
    bytes_src_to_dst=1158,
    packets_dst_to_src=12,
    bytes_dst_to_src=None,
    rule="PlatformRule",
    mac="00224871C205",
    acl_id=None,
    resource_id="/net",
    flow_log_id="/log",
    source=Source.VNET,
    version=4,
)
LINE = (
    '{"time":1793610020101,"src_ip":"2001:db8::1","src_port":51544,"dst_ip":"13.107.21.200","dst_port":443,'
    '"protocol":6,"direction":"outbound","decision":"allow","state":"end","encryption":"NX","packets_src_to_dst":7,'
    '"bytes_src_to_dst":1158,"packets_dst_to_src":12,"bytes_dst_to_src":null,"rule":"PlatformRule",'
    '"mac":"00224871C205","acl_id":null,"resource_id":"/net","flow_log_id":"/log","source":"vnet","version":4}'
)
OBJECT = orjson.loads(LINE)


def test_a_record_is_one_line_of_json_with_its_keys_in_order():
    assert to_json_line(RECORD) == LINE
    assert tuple(OBJECT) == KEYS


def test_an_address_with_a_zone_has_no_canonical_text():
    assert canonical_address("fe80::1%eth0") is None
    assert canonical_address("fe80::1") == "fe80::1"


def test_an_address_is_read_up_to_its_longest_text():
    assert canonical_address("0000:0000:0000:0000:0000:ffff:255.255.255.255") == "::ffff:255.255.255.255"
    assert canonical_address("0" * 46) is None
