from typing import Any

import orjson
import pytest

from shared.flowlog import Envelope
from shared.flowlog.envelope import UnknownFormError, read_groups
from shared.flowlog.jsontext import NotJsonError
from shared.flowlog.record import Source
from tests.shared.flowlog.made import ACL_ID, FLOW_LOG_ID, MAC, NSG_ID, TARGET_ID, nsg, vnet


def groups(record: dict[str, Any]):
    return read_groups(orjson.dumps(record))


def refuse(record: object, reason: str):
    with pytest.raises(UnknownFormError, match=reason):
        read_groups(record if isinstance(record, bytes) else orjson.dumps(record))


def test_an_nsg_record_gives_a_group_for_each_rule():
    found = groups(nsg(["a", "b"], [], version=1))
    assert [group.envelope for group in found] == [
        Envelope(Source.NSG, 1, rule, MAC, None, NSG_ID, None) for rule in ("UserRule_0", "UserRule_1")
    ]
    assert [group.tuples for group in found] == [[b'"a"', b'"b"'], []]
    assert [group.position for group in found] == ["flows[0].flows[0]", "flows[1].flows[0]"]


def test_a_vnet_record_gives_a_group_for_each_rule():
    found = groups(vnet(["a"], ["b"]))
    assert [group.envelope for group in found] == [
        Envelope(Source.VNET, 4, rule, MAC, ACL_ID, TARGET_ID, FLOW_LOG_ID) for rule in ("UserRule_0", "UserRule_1")
    ]
    assert [group.position for group in found] == ["flows[0].flowGroups[0]", "flows[1].flowGroups[0]"]


def test_a_rule_without_traffic_has_no_groups():
    record = nsg()
    record["properties"]["flows"] = [{"rule": "UserRule_ssh", "flows": []}]
    assert groups(record) == []


def test_the_order_of_keys_is_free():
    record = vnet(["a"])
    assert groups(dict(sorted(record.items()))) == groups(dict(reversed(record.items()))) == groups(record)


def test_the_mac_address_of_the_record_is_in_for_a_missing_one():
    record = nsg(["a"])
    del record["properties"]["flows"][0]["flows"][0]["mac"]
    assert groups(record)[0].envelope.mac == MAC
    del record["macAddress"]
    assert groups(record)[0].envelope.mac is None


def test_the_resource_of_an_nsg_is_known_under_its_documented_key_too():
    record = nsg(["a"])
    record["resourceid"] = record.pop("resourceId")
    assert groups(record)[0].envelope.resource_id == NSG_ID


def test_ids_may_be_missing():
    record = vnet(["a"])
    del record["targetResourceID"], record["flowLogResourceID"], record["flowRecords"]["flows"][0]["aclID"]
    assert groups(record)[0].envelope == Envelope(Source.VNET, 4, "UserRule_0", MAC)


@pytest.mark.parametrize("version", [0, 3, 5, "2", 2.0, True, None, [2]])
def test_an_nsg_record_of_another_version_is_of_unknown_form(version):
    refuse(nsg(["a"], version=version), "Version is .*; of nsg flow logs, 1 and 2 can be read")


@pytest.mark.parametrize("version", [1, 2, 3, 5, "4", 4.0, None])
def test_a_vnet_record_of_another_version_is_of_unknown_form(version):
    refuse(vnet(["a"], version=version), "flowLogVersion is .*; of vnet flow logs, 4 can be read")


def test_a_record_of_both_forms_is_of_unknown_form():
    refuse(nsg(["a"]) | vnet(["a"]), "both NSG and VNet")


def test_a_record_of_neither_form_is_of_unknown_form():
    refuse({"time": "x"}, "neither `properties`")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"properties": "text"}, "`properties` is not an object"),
        ({"properties": {"Version": 2}}, "`flows` is missing"),
        ({"properties": {"Version": 2, "flows": {}}}, "`flows` is not an array"),
        ({"properties": {"Version": 2, "flows": ["x"]}}, "an entry of `flows`"),
        ({"properties": {"Version": 2, "flows": [{"flows": []}]}}, "no `rule`"),
        ({"properties": {"Version": 2, "flows": [{"rule": 1, "flows": []}]}}, "`rule` is not a string"),
        ({"properties": {"Version": 2, "flows": [{"rule": "r", "flows": [{"mac": 1}]}]}}, "`mac` is not a string"),
        ({"properties": {"Version": 2, "flows": [{"rule": "r", "flows": [{}]}]}}, "`flowTuples` is missing"),
        ({"macAddress": 1}, "`macAddress` is not a string"),
        ({"resourceId": {}}, "`resourceId` is not a string"),
    ],
)
def test_an_nsg_record_with_a_part_of_another_type_is_of_unknown_form(change, reason):
    refuse(nsg(["a"]) | change, reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"flowRecords": "not-an-object"}, "`flowRecords` is not an object"),
        ({"flowRecords": {"flows": [{"aclID": 1}]}}, "`aclID` is not a string"),
        ({"flowRecords": {"flows": [{"aclID": "a", "flows": []}]}}, "`flowGroups` is missing"),
        ({"targetResourceID": []}, "`targetResourceID` is not a string"),
        ({"flowLogResourceID": 1}, "`flowLogResourceID` is not a string"),
    ],
)
def test_a_vnet_record_with_a_part_of_another_type_is_of_unknown_form(change, reason):
    refuse(vnet(["a"]) | change, reason)


def test_tuples_in_a_place_that_is_not_read_make_the_form_unknown():
    refuse(vnet(["a"]) | {"more": {"flowTuples": ["b"]}}, "places where its form has none")


@pytest.mark.parametrize(
    "twice",
    [
        (b'"flowTuples":["a"]', b'"flowTuples":["a"],"flowTuples":["b"]'),
        (b'"rule":"UserRule_0"', b'"rule":"UserRule_0","rule":"UserRule_1"'),
        (b'"flowLogVersion":4', b'"flowLogVersion":4,"flowLogVersion":4'),
    ],
)
def test_a_key_that_stands_twice_makes_the_form_unknown(twice):
    refuse(orjson.dumps(vnet(["a"])).replace(*twice), "can be read in two ways")


ESCAPED = b'"\\u0066lowTuples"'


@pytest.mark.parametrize("written", [ESCAPED, b'"flow\\u0054uples"', b'"\\u0066\\u006c\\u006f\\u0077Tuples" \n'])
def test_tuples_under_a_key_with_escapes_are_set_aside_for_that_reason(written):
    reason = "the key `flowTuples` is written with escapes"
    refuse(orjson.dumps(vnet(["a"])).replace(b'"flowTuples"', written), reason)
    refuse(orjson.dumps(vnet(["a"]) | {"more": {"HERE": ["b"]}}).replace(b'"HERE"', written), reason)


def test_the_reason_shows_the_key_as_it_is_written():
    refuse(orjson.dumps(vnet(["a"])).replace(b'"flowTuples"', ESCAPED), r"as `\\u0066lowTuples`")


@pytest.mark.parametrize("key", [b"flowTuples", b"rule", b"flows", b"flowRecords", b"flowLogVersion", b"macAddress"])
def test_a_key_that_stands_twice_once_with_escapes_makes_the_form_unknown(key):
    twice = b'"\\u%04x%b":["b"],"%b":' % (key[0], key[1:], key)
    record = orjson.dumps(vnet(["a"])).replace(b'"%b":' % key, twice, 1)
    refuse(record, f"'{key.decode()}' is in one object twice, written in two ways")


@pytest.mark.parametrize(
    "key",
    [b"properties", b"Version", b"flows", b"rule", b"mac", b"macAddress", b"resourceId", b"time", b"category"],
)
def test_other_keys_may_be_written_with_escapes(key):
    record = orjson.dumps(nsg(["a"], ["b"]))
    assert read_groups(record.replace(b'"%b":' % key, b'"\\u%04x%b":' % (key[0], key[1:]))) == read_groups(record)


@pytest.mark.parametrize("name", ["flowTuples", '"flowTuples":', '"flowTuples"', "\\u0066lowTuples", 'x"flowTuples'])
def test_the_name_of_the_key_in_texts_and_in_other_keys_is_not_a_tuples(name):
    record = nsg(["a", name])
    record["properties"]["flows"][0]["rule"] = name
    assert groups(record)[0].envelope.rule == name
    if name != "flowTuples":
        assert len(groups(record | {name: [name], "more": {name: 1}})) == 1


@pytest.mark.parametrize("value", [b"NaN", b"1e400", b'"\xff"', b'"\\ud800"', b"{,}"])
def test_a_record_that_is_not_json_outside_its_tuples_is_not_json(value):
    with pytest.raises(NotJsonError):
        read_groups(orjson.dumps(vnet(["a"])).replace(b'"FlowLogFlowEvent"', value))


def test_tuples_are_given_as_written_be_they_json_or_not():
    text = orjson.dumps(vnet(["a"])).replace(b'["a"]', b'["\\u0041", 1e400, "\xff", {"b":[1,2]}]')
    assert read_groups(text)[0].tuples == [b'"\\u0041"', b"1e400", b'"\xff"', b'{"b":[1,2]}']
