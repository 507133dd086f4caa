import copy
import json
from functools import reduce

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from gateway.traffic.exports.ocsf import event, ocsf_lines
from shared.flowlog.decode import decode
from shared.flowlog.record import KEYS
from tests.gateway.client import record
from tests.shared.flowlog import made
from tests.shared.flowlog.test_check import AGENTS
from tests.support.records import agent_records, flow_records


def decoded(log):
    """Give the flow records of a made log."""
    return list(map(json.loads, decode(log).lines))


def validator_with(profiles):
    """OCSF's own schema of the class, with some profiles."""
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.5.0"))
    return Draft202012Validator(schema.get_class_schema(class_name="network_activity", profiles=profiles))


@pytest.fixture(scope="session")
def validator():
    """The schema with the two profiles that the events of logs name."""
    return validator_with(["cloud", "security_control"])


@pytest.fixture(scope="session")
def bare_validator():
    """The schema without any profile, as the events of agents have it."""
    return validator_with([])


def test_an_event_says_all_that_the_record_says(validator):
    flow = record(
        resource_id="/SUBSCRIPTIONS/AB-1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/WEB",
        state="continue",
    )
    expected = {
        "category_uid": 4,
        "category_name": "Network Activity",
        "class_uid": 4001,
        "class_name": "Network Activity",
        "activity_id": 6,
        "activity_name": "Traffic",
        "type_uid": 400106,
        "type_name": "Network Activity: Traffic",
        "severity_id": 1,
        "severity": "Informational",
        "time": 1795447800000,
        "metadata": {
            "version": "1.5.0",
            "profiles": ["cloud", "security_control"],
            "product": {"name": "Azure Network Watcher", "vendor_name": "Microsoft", "version": "2"},
            "log_name": "NetworkSecurityGroupFlowEvent",
            "log_version": "2",
        },
        "cloud": {"provider": "Azure", "account": {"uid": "ab-1"}},
        "action_id": 1,
        "action": "Allowed",
        "disposition_id": 1,
        "disposition": "Allowed",
        "status_id": 1,
        "status": "Success",
        "src_endpoint": {"ip": "10.0.0.4", "port": 44931, "mac": "00-0D-3A-F8-78-56"},
        "dst_endpoint": {"ip": "13.107.21.200", "port": 443},
        "connection_info": {
            "direction_id": 2,
            "direction": "Outbound",
            "protocol_num": 6,
            "protocol_name": "tcp",
            "protocol_ver_id": 4,
            "community_uid": "1:lJp2H+vToOKHjRftsPxwVO5fbxQ=",
        },
        "traffic": {"packets_out": 1, "packets_in": 2, "packets": 3, "bytes_out": 66, "bytes_in": 132, "bytes": 198},
        "firewall_rule": {"name": "DefaultRule_AllowInternetOutBound", "type": "NSG"},
        "policy": {"uid": flow["resource_id"], "name": "WEB"},
        "unmapped": {"azure": {"state": "continue", "resource_id": flow["resource_id"]}},
    }
    written = event(flow)
    assert written == expected
    assert not list(validator.iter_errors(written))


@pytest.mark.parametrize(
    ("decision", "state", "activity"),
    [
        ("allow", "begin", 1),
        ("allow", "end", 2),
        ("allow", "continue", 6),
        ("allow", None, 6),
        ("deny", "deny", 5),
        ("deny", "begin", 5),
        ("deny", None, 5),
    ],
)
def test_the_activity_follows_from_the_decision_and_the_state(decision, state, activity):
    written = event(record(decision=decision, state=state))
    assert written["activity_id"] == activity
    assert written["type_uid"] == 400100 + activity


def test_the_card_is_at_the_end_that_logged_the_flow():
    inbound = event(record(direction="inbound"))
    assert inbound["dst_endpoint"]["mac"] == "00-0D-3A-F8-78-56"
    assert "mac" not in inbound["src_endpoint"]


def test_what_was_not_measured_is_left_out():
    nothing = dict.fromkeys([key for key in KEYS if key.startswith(("packets_", "bytes_"))])
    assert "traffic" not in event(record(**nothing))
    assert event(record(**nothing | {"bytes_src_to_dst": 7}))["traffic"] == {"bytes_out": 7}


def test_a_vnet_record_names_its_acl_and_keeps_its_encryption():
    (flow,) = decoded(made.file(made.record("vnet", [made.VNET_TUPLE])))
    written = event(flow)
    assert written["policy"] == {"uid": made.ACL_ID}
    assert "type" not in written["firewall_rule"]
    assert written["unmapped"]["azure"]["encryption"] == "NX"
    assert written["metadata"]["log_name"] == "FlowLogFlowEvent"


def test_what_an_agent_saw_names_its_machine_at_the_machines_end_and_no_decision(bare_validator):
    written = event(AGENTS | {"direction": "inbound"})
    assert not list(bare_validator.iter_errors(written))
    assert written["metadata"]["product"]["name"] == "Sluice agent"
    assert written["dst_endpoint"]["hostname"] == AGENTS["host"]
    assert written["unmapped"]["agent"]["process"] == AGENTS["process"]
    assert not written.keys() & {"action_id", "disposition_id", "status_id", "cloud"}
    assert event(AGENTS | {"direction": "outbound"})["src_endpoint"]["hostname"] == AGENTS["host"]


def test_a_direction_that_an_agent_cannot_tell_is_unknown(bare_validator):
    written = event(AGENTS | {"direction": None, "direction_basis": "unknown", "src_port": 51_544})
    assert not list(bare_validator.iter_errors(written))
    assert written["connection_info"]["direction_id"] == 0


@pytest.mark.parametrize("kind", made.TUPLES)
def test_what_was_decoded_from_each_format_is_valid(validator, kind):
    head = made.TUPLES[kind].split(",")[:7]
    letters = {"nsg1": [["A"], ["D"]], "nsg2": [["A", "B", "", "", "", ""], ["D", "B", "", "", "", ""]]}
    states = letters.get(kind, [[state, "NX", "0", "0", "0", "0"] for state in "BD"])
    tuples = [made.TUPLES[kind], *(",".join(head + state) for state in states)]
    records = decoded(made.file(made.record(kind, tuples)))
    assert len(records) == 3
    for line in ocsf_lines(records):
        assert not list(validator.iter_errors(json.loads(line)))


@given(flow_records() | agent_records())
def test_every_record_is_valid(validator, bare_validator, flow):
    written = json.loads(b"".join(ocsf_lines([flow])))
    schema = validator if written["metadata"]["profiles"] else bare_validator
    assert [error.message for error in schema.iter_errors(written)] == []
    assert written["type_uid"] == written["class_uid"] * 100 + written["activity_id"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["activity_id"], 77),
        (["surprise"], "unknown"),
        (["connection_info", "direction_id"], None),
        (["src_endpoint", "port"], "443"),
        (["src_endpoint", "mac"], "000D3AF87856"),
        (["src_endpoint", "ip"], "10.0.0"),
        (["time"], "2026-11-23T15:30:00Z"),
        (["firewall_rule"], {}),
        (["metadata", "product"], None),
        (["class_uid"], 4002),
    ],
)
def test_the_validator_refuses_what_is_wrong(validator, path, value):
    wrong = copy.deepcopy(event(record()))
    *above, key = path
    parent = reduce(dict.__getitem__, above, wrong)
    if value is None:
        del parent[key]
    else:
        parent[key] = value
    assert list(validator.iter_errors(wrong))


def test_a_disposition_needs_the_profile_that_the_event_names():
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.5.0"))
    without = Draft202012Validator(schema.get_class_schema(class_name="network_activity", profiles=["cloud"]))
    assert list(without.iter_errors(event(record())))
