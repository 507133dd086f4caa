import pytest

from shared.flowlog.check import check
from shared.flowlog.record import AGENT_KEYS, COUNTERS, LINKS
from tests.shared.flowlog.test_record import OBJECT

ZEROS = dict.fromkeys(COUNTERS, 0)
UNKNOWN_TO_AGENTS = ("decision", "state", "encryption", "rule", "mac", "acl_id", "resource_id", "flow_log_id")
AGENTS = (
    OBJECT
    | dict.fromkeys(UNKNOWN_TO_AGENTS)
    | {"src_port": None, "source": "agent", "version": 1}
    | {"host": "web-1", "process": "nginx", "direction_basis": "listen", "counter_source": "tcp_info"}
    | dict.fromkeys(LINKS, 2)
)


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
        ("source", [None, "agents", 1]),
        ("version", [None, "4", 0, 3, 2, True, 4.0]),
    ],
)
def test_a_value_that_breaks_its_rule_is_named(key, values):
    for value in values:
        assert key in (check(OBJECT | {key: value}) or "nothing"), value


LONGEST = {"rule": 512, "encryption": 512, "acl_id": 1024, "resource_id": 1024, "flow_log_id": 1024}


@pytest.mark.parametrize(("key", "most"), LONGEST.items())
@pytest.mark.parametrize(("letter", "size"), [("x", 1), ("\u00e9", 2), ("\u20ac", 3), ("\U0001f512", 4)])
def test_a_text_has_a_limit_in_bytes(key, most, letter, size):
    longest = letter * (most // size)
    assert check(OBJECT | {key: longest}) is None
    assert check(OBJECT | {key: longest + letter}) == (
        f"{key} must be a text of 0 to {most} bytes in UTF-8{'' if key == 'rule' else ', or null'}, not {longest!r:.80}"
    )


@pytest.mark.parametrize(("key", "good"), [("host", ["x" * 512]), ("process", ["x" * 512, "", None])])
def test_an_agent_s_texts_have_a_limit_too(key, good):
    assert [check(AGENTS | {key: value}) for value in good] == [None] * len(good)
    assert key in str(check(AGENTS | {key: "x" * 513}))


def test_the_longest_ids_that_azure_can_make_pass():
    """By the limits of names: 90 characters for a resource group, 80 for most of what is in it, 64 for a scale set."""
    group = f"/subscriptions/{'2' * 36}/resourceGroups/{'g' * 90}/providers"
    flow_log = f"{group}/Microsoft.Network/networkWatchers/{'w' * 80}/flowLogs/{'f' * 80}"
    scale_set = f"{group}/Microsoft.Compute/virtualMachineScaleSets/{'s' * 64}/virtualMachines/{'v' * 15}"
    nic = f"{scale_set}/networkInterfaces/{'n' * 80}"
    acl = f"{group}/Microsoft.Network/networkSecurityGroups/{'a' * 80}"
    assert check(OBJECT | {"flow_log_id": flow_log, "resource_id": nic, "acl_id": acl}) is None


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
def test_four_zeros_are_not_measurement_where_a_flow_begins_or_is_denied(change, passes):
    assert (check(OBJECT | change) is None) is passes


def test_a_state_of_deny_needs_the_decision():
    assert check(OBJECT | {"state": "deny"}) == "state deny needs decision deny"


def test_an_agents_record_passes_the_check():
    assert check(AGENTS) is None
    assert check(AGENTS | {"process": None, "counter_source": "none"} | dict.fromkeys(COUNTERS)) is None
    assert check(AGENTS | {"direction": None, "direction_basis": "unknown", "src_port": 51_544}) is None


@pytest.mark.parametrize("key", AGENT_KEYS)
def test_what_only_an_agent_knows_is_its_alone(key):
    without = {name: value for name, value in AGENTS.items() if name != key}
    assert check(without) == f"a flow record lacks {key}"
    assert check(OBJECT | {key: AGENTS[key]}) == f"unknown key {key!r}"


@pytest.mark.parametrize("key", UNKNOWN_TO_AGENTS)
def test_what_an_agent_cannot_know_it_must_not_tell(key):
    assert check(AGENTS | {key: OBJECT[key] or "x"}) == f"{key} must be null, not {OBJECT[key] or 'x'!r}"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"host": ""}, "host"),
        ({"host": "x" * 513}, "host"),
        ({"process": 1}, "process"),
        ({"direction_basis": "guess"}, "direction_basis"),
        ({"links_live": -1}, "links_live"),
        ({"links_failed": None}, "links_failed"),
        ({"counter_source": None}, "counter_source"),
        ({"version": 2}, "version"),
        ({"direction": None}, "direction must be null"),
        ({"direction_basis": "unknown"}, "direction must be null"),
        ({"src_port": 51_544}, "src_port must be null"),
        ({"direction": None, "direction_basis": "unknown"}, "src_port must be null"),
        ({"counter_source": "none"}, "counters must be null"),
    ],
)
def test_an_agents_value_that_breaks_its_rule_is_named(change, named):
    assert named in (check(AGENTS | change) or "nothing")
