import orjson
import pytest

from shared.flowlog import KEYS, FlowRecord, check, to_json_line
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
ZEROS = dict.fromkeys(("packets_src_to_dst", "bytes_src_to_dst", "packets_dst_to_src", "bytes_dst_to_src"), 0)


def test_a_record_is_one_line_of_json_with_its_keys_in_order():
    assert to_json_line(RECORD) == LINE
    assert tuple(OBJECT) == KEYS


def test_a_record_passes_the_check_in_any_order_of_keys():
    assert check(OBJECT) is None
    assert check(dict(reversed(OBJECT.items()))) is None


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_only_an_object_is_a_record(value):
    assert check(value) == "a flow record is a JSON object"


def test_a_missing_key_is_named():
    without = {key: value for key, value in OBJECT.items() if key not in {"mac", "rule"}}
    assert check(without) == "a flow record lacks rule, mac"


def test_an_unknown_key_is_named():
    assert check(OBJECT | {"colour": 1}) == "unknown key 'colour'"


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("time", [None, "1793610020101", 1_793_610_020, 946_684_799_999, 4_102_444_800_000, 1.5, True]),
        ("src_ip", [None, 1, "", "10.0.0.04", "2001:DB8::1", "2001:db8:0::1", "fe80::1%1"]),
        ("dst_ip", [None, "host"]),
        ("src_port", [None, -1, 65_536, "1", True, 1.0]),
        ("dst_port", [None, -1, 65_536]),
        ("protocol", [None, -1, 256, "T", True]),
        ("direction", [None, "in", "INBOUND", 1, ["inbound"]]),
        ("decision", [None, "drop", {}]),
        ("state", ["B", "", 1]),
        ("encryption", [1, []]),
        ("packets_src_to_dst", [-1, 10**18, 1.0, "1", False]),
        ("bytes_dst_to_src", [-1, 10**18]),
        ("rule", [None, 1]),
        ("mac", ["", "00224871c205", "00-22-48-71-C2-05", "00224871C205\n", 1]),
        ("acl_id", [1]),
        ("resource_id", [1]),
        ("flow_log_id", [1]),
        ("source", [None, "agent", 1]),
        ("version", [None, "4", 0, 3, 2, True, 4.0]),
    ],
)
def test_a_value_that_breaks_its_rule_is_named(key, values):
    for value in values:
        assert key in (check(OBJECT | {key: value}) or "nothing"), value


def test_a_long_value_is_not_given_back_whole():
    assert len(check(OBJECT | {"src_ip": "x" * 10_000}) or "") < 200


@pytest.mark.parametrize("key", ["state", "encryption", "mac", "acl_id", "resource_id", "flow_log_id", *ZEROS])
def test_null_is_allowed_where_a_value_may_be_absent(key):
    assert check(OBJECT | {key: None}) is None


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        (ZEROS | {"state": "begin"}, False),
        (ZEROS | {"state": "deny", "decision": "deny"}, False),
        (ZEROS | {"state": "end"}, True),
        (ZEROS | {"state": "begin", "packets_src_to_dst": 1}, True),
    ],
)
def test_four_zeros_are_no_measurement_where_a_flow_begins_or_is_denied(change, passes):
    assert (check(OBJECT | change) is None) is passes


def test_a_state_of_deny_needs_the_decision():
    assert check(OBJECT | {"state": "deny"}) == "state deny needs decision deny"


def test_an_address_with_a_zone_has_no_canonical_text():
    assert canonical_address("fe80::1%eth0") is None
    assert canonical_address("fe80::1") == "fe80::1"


def test_an_address_is_read_up_to_its_longest_text():
    assert canonical_address("0000:0000:0000:0000:0000:ffff:255.255.255.255") == "::ffff:255.255.255.255"
    assert canonical_address("0" * 46) is None
