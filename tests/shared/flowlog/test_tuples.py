import dataclasses

import orjson
import pytest

from shared.flowlog import Envelope
from shared.flowlog.record import COUNTERS, Decision, Direction, Source, State
from shared.flowlog.tuples import MalformedTupleError, read_mac, read_tuple
from tests.shared.flowlog.made import NSG_V1_TUPLE, NSG_V2_TUPLE, TUPLES, VNET_TUPLE

ENVELOPES = {
    "nsg1": Envelope(Source.NSG, 1, "DefaultRule_AllowInternetOutBound", "00224871C205", None, "/NSG"),
    "nsg2": Envelope(Source.NSG, 2, "DefaultRule_AllowInternetOutBound", "00224871C205", None, "/NSG"),
    "vnet": Envelope(Source.VNET, 4, "PlatformRule", "00224871C205", "acl", "/net", "/log"),
}
EVERY_FORMAT = pytest.mark.parametrize("kind", ENVELOPES)


def read(kind, text):
    return read_tuple(text, ENVELOPES[kind])


def changed(kind, place, word):
    words = TUPLES[kind].split(",")
    words[place] = word
    return ",".join(words)


def counters(record):
    return [getattr(record, name) for name in COUNTERS]


def refuse(kind, text, reason):
    with pytest.raises(MalformedTupleError, match=reason):
        read(kind, text)


def test_version_1_has_neither_state_nor_counters():
    record = read("nsg1", NSG_V1_TUPLE)
    assert (record.decision, record.state, record.encryption) == (Decision.ALLOW, None, None)
    assert counters(record) == [None] * 4
    assert (record.source, record.version, record.acl_id, record.flow_log_id) == (Source.NSG, 1, None, None)


def test_version_2_has_decision_and_state_at_positions_7_and_8():
    record = read("nsg2", "1793610020,10.0.0.4,8.8.8.8,1,53,U,O,D,C,1,2,3,4")
    assert (record.decision, record.state, record.encryption) == (Decision.DENY, State.CONTINUE, None)
    assert counters(record) == [1, 2, 3, 4]


def test_vnet_has_state_and_encryption_at_positions_7_and_8():
    record = read("vnet", VNET_TUPLE)
    assert (record.decision, record.state, record.encryption) == (Decision.ALLOW, State.END, "NX")
    assert (record.acl_id, record.resource_id, record.flow_log_id, record.rule) == (
        "acl",
        "/net",
        "/log",
        "PlatformRule",
    )


def test_a_vnet_tuple_of_state_d_is_denied():
    record = read("vnet", "1793610020101,10.0.0.4,8.8.8.8,1,53,17,I,D,NX_NOT_ACCEPTED,0,0,0,0")
    assert (record.decision, record.state, record.direction) == (Decision.DENY, State.DENY, Direction.INBOUND)


def test_state_d_is_unknown_in_nsg_logs():
    refuse("nsg2", changed("nsg2", 8, "D"), "state 'D' is not one of B, C, E")


@EVERY_FORMAT
@pytest.mark.parametrize(("written", "number"), [("T", 6), ("U", 17), ("6", 6), ("0", 0), ("255", 255)])
def test_protocols_are_letters_or_numbers_in_every_format(kind, written, number):
    assert read(kind, changed(kind, 5, written)).protocol == number


@EVERY_FORMAT
@pytest.mark.parametrize("written", ["256", "06", "I", "t", ""])
def test_other_protocols_are_malformed(kind, written):
    refuse(kind, changed(kind, 5, written), "protocol")


@EVERY_FORMAT
@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("1793610020", 1_793_610_020_000),
        ("1793610020101", 1_793_610_020_101),
        ("946684800", 946_684_800_000),
        ("946684800000", 946_684_800_000),
        ("4102444799", 4_102_444_799_000),
        ("4102444799999", 4_102_444_799_999),
    ],
)
def test_a_time_below_1e11_is_seconds(kind, written, milliseconds):
    assert read(kind, changed(kind, 0, written)).time == milliseconds


@EVERY_FORMAT
@pytest.mark.parametrize("written", ["0", "946684799", "4102444800", "99999999999", "100000000000", "4102444800000"])
def test_a_time_outside_2000_to_2100_is_malformed(kind, written):
    refuse(kind, changed(kind, 0, written), "years 2000 to 2100")


@EVERY_FORMAT
@pytest.mark.parametrize("place", [0, 3, 4])
@pytest.mark.parametrize(
    "written", ["", "-1", "+1", " 1", "1 ", "01", "00", "1_0", "1e3", "0x1", "1.0", "\u0661", "\u00b2"]
)
def test_what_is_not_a_plain_number_is_malformed(kind, place, written):
    refuse(kind, changed(kind, place, written), "is not a number")


@EVERY_FORMAT
def test_ports_reach_from_0_to_65535(kind):
    assert read(kind, changed(kind, 3, "0")).src_port == 0
    assert read(kind, changed(kind, 4, "65535")).dst_port == 65_535
    refuse(kind, changed(kind, 4, "65536"), "dst_port 65536 is greater than 65535")


@pytest.mark.parametrize("kind", ["nsg2", "vnet"])
def test_counters_have_at_most_18_digits_without_leading_zero(kind):
    assert read(kind, changed(kind, 10, "9" * 18)).bytes_src_to_dst == 10**18 - 1
    refuse(kind, changed(kind, 10, "1" + "0" * 18), "at most 18 digits")
    refuse(kind, changed(kind, 10, "007"), "leading zero")


@pytest.mark.parametrize("kind", ["nsg2", "vnet"])
def test_each_empty_counter_is_null_alone(kind):
    text = TUPLES[kind].rsplit(",", 4)[0]
    assert counters(read(kind, text + ",1,,3,")) == [1, None, 3, None]
    assert counters(read(kind, text + ",,,,")) == [None] * 4


@pytest.mark.parametrize("text", ["A,B,0,0,0,0", "D,B,0,0,0,0", "D,E,0,0,0,0"])
def test_four_zeros_mean_nothing_measured_where_an_nsg_flow_begins_or_is_denied(text):
    assert counters(read("nsg2", NSG_V2_TUPLE.split("A,E")[0] + text)) == [None] * 4


@pytest.mark.parametrize("text", ["B,NX,0,0,0,0", "D,NX,0,0,0,0"])
def test_four_zeros_mean_nothing_measured_where_a_vnet_flow_begins_or_is_denied(text):
    assert counters(read("vnet", VNET_TUPLE.split("E,NX")[0] + text)) == [None] * 4


def test_zeros_are_a_measurement_where_a_flow_continues_or_ends():
    assert counters(read("nsg2", NSG_V2_TUPLE.split("A,E")[0] + "A,E,0,0,0,0")) == [0] * 4
    assert counters(read("vnet", VNET_TUPLE.split("E,NX")[0] + "C,NX,0,0,0,0")) == [0] * 4


def test_a_begin_that_measured_something_keeps_its_counters():
    assert counters(read("vnet", VNET_TUPLE.split("E,NX")[0] + "B,NX,1,60,0,0")) == [1, 60, 0, 0]
    assert counters(read("vnet", VNET_TUPLE.split("E,NX")[0] + "B,NX,0,0,0,")) == [0, 0, 0, None]


@EVERY_FORMAT
@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("255.255.255.255", "255.255.255.255"),
        ("2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("::ffff:10.0.0.4", "::ffff:10.0.0.4"),
        ("::FFFF:0A00:0004", "::ffff:10.0.0.4"),
        ("0:0:0:0:0:0:0:0", "::"),
    ],
)
def test_addresses_come_out_in_canonical_text(kind, written, canonical):
    assert read(kind, changed(kind, 1, written)).src_ip == canonical


@EVERY_FORMAT
@pytest.mark.parametrize(
    "written",
    ["", "10.0.0", "10.0.0.256", "10.0.0.04", "10.0.0.4 ", "fe80::1%eth0", "fe80::1%", "10.0.0.4/32", "::1::", "host"],
)
def test_what_is_not_an_address_is_malformed(kind, written):
    refuse(kind, changed(kind, 2, written), "dst_ip .* is not an IP address without a zone")


def test_encryption_tokens_are_kept_as_written():
    assert read("vnet", changed("vnet", 8, 'new "token"')).encryption == 'new "token"'
    assert read("vnet", changed("vnet", 8, "")).encryption is None


@EVERY_FORMAT
def test_more_fields_are_allowed_if_they_are_empty(kind):
    assert read(kind, TUPLES[kind] + ",,,") == read(kind, TUPLES[kind])
    refuse(kind, TUPLES[kind] + ",,x", "must be empty")
    refuse(kind, TUPLES[kind] + ", ", "must be empty")


@EVERY_FORMAT
def test_fewer_fields_are_malformed(kind):
    refuse(kind, TUPLES[kind].rsplit(",", 1)[0], "fields")
    refuse(kind, "", "it has 1 fields")


@pytest.mark.parametrize("written", ["00224871c205", "00-22-48-71-C2-05", "00:22:48:71:c2:05", "0022.4871.c205"])
def test_a_mac_address_has_one_form(written):
    assert read_mac(written) == "00224871C205"


def test_no_mac_address_and_an_empty_one_are_null():
    assert read_mac(None) is None
    assert read_mac("") is None


@pytest.mark.parametrize("written", ["00224871C20", "00224871C2055", "00224871C20G", "unknown", "-"])
def test_a_mac_address_of_another_length_is_not_mended(written):
    with pytest.raises(MalformedTupleError, match="not 12 hexadecimal digits"):
        read_mac(written)


def test_a_tuple_whose_envelope_has_a_malformed_mac_address_is_malformed():
    with pytest.raises(MalformedTupleError, match="MAC address"):
        read_tuple(VNET_TUPLE, dataclasses.replace(ENVELOPES["vnet"], mac="x"))


def test_a_tuple_of_an_unknown_format_is_malformed():
    with pytest.raises(MalformedTupleError, match="nsg version 4"):
        read_tuple(VNET_TUPLE, dataclasses.replace(ENVELOPES["nsg2"], version=4))


@EVERY_FORMAT
def test_an_envelope_comes_back_from_its_json(kind):
    envelope = ENVELOPES[kind]
    assert Envelope.from_json(orjson.loads(orjson.dumps(envelope))) == envelope


@pytest.mark.parametrize(
    "change",
    [{"source": "agents"}, {"version": "2"}, {"version": True}, {"rule": None}, {"rule": 1}, {"mac": []}, {"more": 1}],
)
def test_json_that_is_not_an_envelope_is_refused(change):
    document = orjson.loads(orjson.dumps(ENVELOPES["vnet"]))
    with pytest.raises(ValueError, match=r"."):
        Envelope.from_json(document | change)


def test_a_list_is_not_an_envelope():
    with pytest.raises(ValueError, match="JSON object"):
        Envelope.from_json([])
