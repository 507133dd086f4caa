import re
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.flowlog import Envelope, SetAside, Unit, decode, decode_set_aside
from shared.flowlog.decode import decode_plainly
from shared.flowlog.record import Source
from tests.shared.flowlog.made import (
    ACL_ID,
    FLOW_LOG_ID,
    MAC,
    NSG_ID,
    NSG_V2_TUPLE,
    TARGET_ID,
    TUPLES,
    VNET_TUPLE,
    file,
    nsg,
    record,
    text,
    vnet,
)

KINDS = pytest.mark.parametrize("kind", TUPLES)
BAD = "1793610020,10.0.0.4,nowhere,1,443,T,O,A,E,7,1158,12,8143"


def decode_both(data):
    """Decode, and hold the result against the plain reference."""
    decoded = decode(data)
    assert decoded == decode_plainly(data)
    return decoded


def ports(decoded):
    return [orjson.loads(line)["src_port"] for line in decoded.lines]


def numbered(*numbers):
    return [NSG_V2_TUPLE.replace("49982", str(number)) for number in numbers]


def test_a_tuple_becomes_a_line_with_all_that_its_record_says():
    decoded = decode_both(file(vnet([VNET_TUPLE])))
    assert decoded.lines == [
        (
            '{"time":1793610020101,"src_ip":"10.0.0.4","src_port":49982,"dst_ip":"13.107.21.200","dst_port":443,'
            '"protocol":6,"direction":"outbound","decision":"allow","state":"end","encryption":"NX",'
            '"packets_src_to_dst":7,"bytes_src_to_dst":1158,"packets_dst_to_src":12,"bytes_dst_to_src":8143,'
            f'"rule":"UserRule_0","mac":"{MAC}","acl_id":"{ACL_ID}","resource_id":"{TARGET_ID}",'
            f'"flow_log_id":"{FLOW_LOG_ID}","source":"vnet","version":4}}'
        )
    ]
    assert (decoded.set_aside, decoded.tuples) == ([], 1)


FORMS = {
    "a record alone": b"%b",
    "a comma before": b",%b",
    "a comma behind": b"%b,",
    "the whole envelope": b'{"records":[%b]}',
    "the envelope's opening": b'{"records":[%b',
    "the envelope's closer": b"%b]}",
    "a byte order mark": b'\xef\xbb\xbf{"records":[%b]}',
    "white space": b' \r\n{ "records" : [\n%b\n]\n}\n',
    "an envelope in the envelope": b'{"records":[{"records":[%b]}]}',
    "other keys in the envelope": b'{"version":1,"records":[%b],"more":{}}',
    "an envelope of other keys in another": b'{"a":1,"records":[{"b":1,"records":[{"records":[%b]}]}]}',
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@KINDS
def test_records_are_read_in_every_form_of_a_range(form, kind):
    records = record(kind, [TUPLES[kind]] * 2, [TUPLES[kind]]), record(kind, [TUPLES[kind]])
    decoded = decode_both(form % text(*records))
    assert decoded.lines == decode(text(*records)).lines
    assert (len(decoded.lines), decoded.set_aside) == (4, [])


@pytest.mark.parametrize(
    "form", ['{"\\u0072ecords":[%b]}', '{"a":1,"\\u0072ecords":[%b]}', '{"records":[{"a":1,"rec\\u006frds":[%b]}]}']
)
def test_an_envelope_whose_key_has_escapes_is_opened(form):
    decoded = decode_both(form.encode() % text(nsg(numbered(1)), vnet([VNET_TUPLE])))
    assert (len(decoded.lines), decoded.set_aside) == (2, [])


def test_an_envelope_whose_key_stands_twice_is_set_aside_for_that_reason():
    decoded = decode_both(b'{"a":1,"\\u0072ecords":[],"records":[%b]}' % text(nsg(numbered(1))))
    assert "the key 'records' is in one object twice, written in two ways" in decoded.set_aside[0].reason


@pytest.mark.parametrize("data", [b"", b"\n", b",", b'{"records":[', b"]}", b'{"records":[]}', b"\xef\xbb\xbf"])
def test_a_range_without_records_gives_nothing(data):
    decoded = decode_both(data)
    assert (decoded.lines, decoded.set_aside) == ([], [])


@KINDS
def test_the_order_of_keys_and_the_layout_change_nothing(kind):
    value = record(kind, [TUPLES[kind]])
    layouts = [
        orjson.dumps(dict(reversed(value.items()))),
        orjson.dumps(value, option=orjson.OPT_SORT_KEYS),
        orjson.dumps(value, option=orjson.OPT_INDENT_2),
    ]
    assert [decode_both(layout).lines for layout in layouts] == [decode(text(value)).lines] * 3


def test_formats_may_change_from_record_to_record():
    records = [record(kind, [TUPLES[kind]] * 3) for kind in ("nsg2", "vnet", "nsg1", "nsg2", "nsg1", "vnet")]
    decoded = decode_both(text(*records))
    assert decoded.lines == [line for each in records for line in decode(text(each)).lines]


def test_equal_tuples_are_all_kept():
    assert len(decode_both(text(nsg([NSG_V2_TUPLE] * 3))).lines) == 3


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 2000])
def test_any_number_of_tuples_keeps_its_order(count):
    numbers = list(range(count))
    assert ports(decode_both(text(nsg(numbered(*numbers)), nsg(numbered(7))))) == [*numbers, 7]


def test_a_bad_tuple_is_set_aside_as_written_and_takes_no_neighbour_along():
    decoded = decode_both(text(nsg([], numbered(1)), nsg(numbered(2), [*numbered(3, 4), BAD, *numbered(5)])))
    assert ports(decoded) == [1, 2, 3, 4, 5]
    assert decoded.set_aside == [
        SetAside(
            unit=Unit.TUPLE,
            position="records[1].flows[1].flows[0].flowTuples[2]",
            reason="The tuple is malformed: dst_ip 'nowhere' is not an IP address without a zone.",
            raw=BAD.encode(),
            context=Envelope(Source.NSG, 2, "UserRule_1", MAC, None, NSG_ID, None),
        )
    ]
    assert (decoded.tuples, decoded.tuples_set_aside, decoded.records_set_aside) == (6, 1, 0)


def test_the_position_of_a_vnet_tuple_names_its_groups():
    decoded = decode_both(text(vnet([VNET_TUPLE], ["x"])))
    assert decoded.set_aside[0].position == "records[0].flows[1].flowGroups[0].flowTuples[0]"


@pytest.mark.parametrize("value", [42, None, True, [NSG_V2_TUPLE], {"a": NSG_V2_TUPLE}, 1.5])
def test_a_tuple_that_is_not_a_string_is_set_aside_as_written(value):
    decoded = decode_both(text(nsg([*numbered(1), value, *numbered(2)])))
    assert ports(decoded) == [1, 2]
    assert [(item.unit, item.raw) for item in decoded.set_aside] == [(Unit.TUPLE, orjson.dumps(value))]
    assert decoded.set_aside[0].reason == "The tuple is malformed: it is not a string."


@pytest.mark.parametrize("raw", [b"1e400", b"NaN", b"123456789012345678901234567890", b"tru", b'"\xff"', b'"\\ud800,"'])
def test_a_tuple_that_is_not_json_is_set_aside_as_written(raw):
    decoded = decode_both(text(nsg([*numbered(1), "HERE", *numbered(2)])).replace(b'"HERE"', raw))
    assert ports(decoded) == [1, 2]
    assert [(item.unit, item.raw) for item in decoded.set_aside] == [(Unit.TUPLE, raw.strip(b'"'))]


def test_a_tuple_with_escapes_is_read_and_set_aside_as_written():
    good, bad = NSG_V2_TUPLE.replace(",", "\\u002c"), "\\u0041\\n,\\\\"
    decoded = decode_both(text(nsg(["GOOD", "BAD"])).replace(b"GOOD", good.encode()).replace(b"BAD", bad.encode()))
    assert len(decoded.lines) == 1
    assert decoded.set_aside[0].raw == bad.encode()


def test_a_malformed_mac_address_sets_its_tuples_aside_and_no_others():
    record_of_two = nsg(numbered(1), numbered(2, 3))
    record_of_two["properties"]["flows"][1]["flows"][0]["mac"] = "card 7"
    decoded = decode_both(text(record_of_two))
    assert ports(decoded) == [1]
    assert [item.context.mac for item in decoded.set_aside] == ["card 7"] * 2


def test_names_with_quotes_and_other_letters_come_out_as_json():
    value = nsg([NSG_V2_TUPLE], resourceId='/"\\\u00e9\u2603')
    value["properties"]["flows"][0]["rule"] = 'a "rule"\n'
    line = orjson.loads(decode_both(text(value)).lines[0])
    assert (line["rule"], line["resource_id"]) == ('a "rule"\n', '/"\\\u00e9\u2603')


def test_a_record_of_unknown_version_is_set_aside_whole_as_written():
    unknown = orjson.dumps(vnet([VNET_TUPLE], version=5), option=orjson.OPT_INDENT_2)
    decoded = decode_both(b",".join([text(nsg(numbered(1))), unknown, text(nsg(numbered(2)))]))
    assert ports(decoded) == [1, 2]
    assert [(item.unit, item.position, item.raw, item.context) for item in decoded.set_aside] == [
        (Unit.RECORD, "records[1]", unknown, None)
    ]
    assert "flowLogVersion is 5" in decoded.set_aside[0].reason
    assert (decoded.tuples, decoded.records_set_aside) == (2, 1)


@pytest.mark.parametrize("other", [{}, {"time": "x"}, nsg(["a"]) | vnet(["b"]), {"records": {}}, {"flowRecords": 1}])
def test_a_record_of_unknown_form_is_set_aside_whole(other):
    decoded = decode_both(text(nsg(numbered(1)), other, nsg(numbered(2))))
    assert ports(decoded) == [1, 2]
    assert [(item.unit, item.raw) for item in decoded.set_aside] == [(Unit.RECORD, orjson.dumps(other))]


@KINDS
@pytest.mark.parametrize("value", [0, 1, 2, 4, 5, "2", 2.0, 4.0, True, None, [2]])
def test_versions_are_told_apart_by_value_and_type(kind, value):
    decoded = decode_both(text(record(kind, [TUPLES[kind]], version=value)))
    known = type(value) is int and value in {"nsg1": (1, 2), "nsg2": (1, 2), "vnet": (4,)}[kind]
    assert [item.unit for item in decoded.set_aside if item.unit is Unit.RECORD] == ([] if known else [Unit.RECORD])


def every_value(inside):
    """Every container of a record, with each of its keys or places."""
    keys = list(inside) if isinstance(inside, dict) else range(len(inside))
    for key in keys:
        yield inside, key
        if isinstance(inside[key], dict | list):
            yield from every_value(inside[key])


@KINDS
@pytest.mark.parametrize("other", [None, True, 1, 1.5, "x", [], {}, ["x"], {"x": "x"}, [["x"]]])
def test_a_value_of_another_type_anywhere_loses_no_tuple(kind, other):
    for place in range(len(list(every_value(record(kind, [TUPLES[kind]]))))):
        changed = record(kind, [TUPLES[kind]])
        inside, key = list(every_value(changed))[place]
        inside[key] = other
        decoded = decode_both(text(changed, record(kind, [TUPLES[kind]])))
        there = text(changed).count(TUPLES[kind].encode())
        assert decoded.tuples + decoded.records_set_aside >= 1 + there, key


@pytest.mark.parametrize("key", ["rule", "mac", "aclID", "targetResourceID", "flowLogResourceID", "resourceId"])
def test_a_missing_string_is_not_made_up_for_by_another(key):
    for value in (nsg(numbered(9)), vnet([VNET_TUPLE])):
        assert decode_both(re.sub(rf'"{key}":"[^"]*"', f'"{key}":1,"more":1', text(value).decode()).encode())


@pytest.mark.parametrize(
    "other", [{"records": []}, {"properties": 1}, {"flowRecords": 1}, {"records": 1}, {"flowTuples": 1}]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_record_with_keys_of_another_form_is_not_read_by_guessing(other, first):
    for value in (nsg(numbered(9)), vnet([VNET_TUPLE])):
        mixed = other | value if first else value | other
        decoded = decode_both(text(mixed, nsg(numbered(1))))
        assert 1 in ports(decoded)


def test_bytes_that_are_not_json_are_set_aside_with_their_place():
    decoded = decode_both(text(nsg(numbered(1))) + b",oops," + text(nsg(numbered(2))))
    start = len(text(nsg(numbered(1)))) + 1
    assert ports(decoded) == [1, 2]
    assert [(item.unit, item.position, item.raw) for item in decoded.set_aside] == [
        (Unit.RANGE, f"offset {start}, length 5", b"oops,")
    ]
    assert decoded.ranges_set_aside == 1


def test_a_record_that_is_not_json_is_set_aside_as_bytes():
    broken = text(nsg(numbered(9))).replace(b'"time":', b'"time";')
    decoded = decode_both(b",".join([text(nsg(numbered(1))), broken, text(nsg(numbered(2)))]))
    assert ports(decoded) == [1, 2]
    assert [(item.unit, item.raw) for item in decoded.set_aside] == [(Unit.RANGE, broken)]


def test_a_record_cut_anywhere_costs_the_records_around_it_nothing():
    before, cut, behind = text(nsg(numbered(1))), text(nsg(numbered(9))), text(nsg(numbered(2)), nsg(numbered(3)))
    for length in range(1, len(cut)):
        data = b",".join([before, cut[:length], behind])
        decoded = decode_both(data)
        assert ports(decoded) == [1, 2, 3], cut[:length]
        assert b"".join(item.raw for item in decoded.set_aside).startswith(cut[:length])
        assert decoded.ranges_set_aside == len(decoded.set_aside)


def test_the_end_of_a_record_costs_the_records_behind_it_nothing():
    whole, behind = text(nsg(numbered(9), numbered(8))), text(nsg(numbered(2)), nsg(numbered(3)))
    for start in range(1, len(whole)):
        decoded = decode_both(whole[start:] + b"," + behind)
        assert ports(decoded)[-2:] == [2, 3], whole[start:]
        assert decoded.set_aside


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"records":[' * 100_000,
        b'{"a":1,"records":[' * 20_000 + b"]}" * 20_000,
        b"{" * 100_000 + b"}" * 100_000,
        b'{"properties":' * 50_000 + b"}" * 50_000,
        b'"\\' * 100_000,
        b'{"' * 100_000,
        b"]}" * 100_000,
        b"{}," * 2_000,
        b"\xef\xbb\xbf" * 50_000,
        b"{" + b" " * 100_000,
        b'{"a":' + b"9" * 100_000 + b"}",
        text(nsg(["," * 100_000, "9" * 100_000, ":" * 100_000, "1." * 50_000, "f" * 100_000 + ":"])),
        text(nsg([NSG_V2_TUPLE + ","] * 3_000)),
        text(nsg(*[[]] * 3_000)),
    ],
    ids=range(15),
)
def test_hostile_bytes_end_in_time(data):
    decode_both(data)


@given(st.binary() | st.text('{}[]",:\\ 0aT').map(str.encode))
def test_any_bytes_are_decoded_or_set_aside(data):
    decode_both(data)


KEYS = [
    *("records", "properties", "flowRecords", "Version", "flowLogVersion", "flows", "flowGroups", "flowTuples"),
    *("rule", "mac", "macAddress", "aclID", "resourceId", "targetResourceID", "flowLogResourceID", "more"),
]
SOMETHING = st.deferred(
    lambda: (
        st.sampled_from([1, 2, 4, True, None, "", "x", MAC, 1.5, VNET_TUPLE, NSG_V2_TUPLE])
        | st.lists(SOMETHING, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), SOMETHING, max_size=4)
        | RECORDS
    )
)
RECORDS = st.builds(
    record,
    st.sampled_from(list(TUPLES)),
    *[st.lists(st.sampled_from([*TUPLES.values(), "x", 1, "\n"]), max_size=3)] * 2,
)


@st.composite
def changed_records(draw):
    """A record of which some part is another value, is missing or stands under another key."""
    value = draw(RECORDS)
    for _ in range(draw(st.integers(0, 2))):
        inside = value
        while True:
            keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(inside[key], dict | list) and draw(st.integers(0, 3)):
                inside = inside[key]
                continue
            if draw(st.booleans()):
                inside[key] = draw(SOMETHING)
            elif draw(st.booleans()):
                del inside[key]
            elif isinstance(inside, dict):
                inside[draw(st.sampled_from(KEYS))] = draw(SOMETHING)
            break
    return value


@given(st.lists(changed_records() | SOMETHING, max_size=4), st.sampled_from(list(FORMS.values())))
def test_records_of_any_form_give_what_the_plain_reference_gives(records, form):
    decode_both(form % text(*records))


@given(st.lists(RECORDS, min_size=1, max_size=4), st.data())
def test_torn_bytes_give_what_the_plain_reference_gives(records, data):
    torn = bytearray(text(*records))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(torn)))
        length = data.draw(st.sampled_from([0, 1, 3, 50]))
        torn[start : start + length] = data.draw(st.sampled_from([b"", b'"', b"\\", b"{", b"}", b",", b"\xff", b"]}"]))
    decode_both(bytes(torn))


@given(st.lists(RECORDS, min_size=1, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_cutting_between_records_changes_nothing(records, cuts):
    pieces, piece = [], []
    for value, cut in zip(records, cuts, strict=False):
        piece.append(value)
        if cut:
            pieces, piece = [*pieces, piece], []
    decoded = [decode(b"," + text(*piece)) for piece in [*pieces, piece] if piece]
    whole = decode_both(file(*records))
    assert whole.lines == [line for part in decoded for line in part.lines]
    assert [replace(item, position="") for item in whole.set_aside] == [
        replace(item, position="") for part in decoded for item in part.set_aside
    ]


@given(st.lists(RECORDS, max_size=3), st.sampled_from(list(FORMS.values())), st.data())
def test_every_tuple_is_a_line_or_set_aside_even_in_torn_bytes(records, form, data):
    marks = [f"{number},mark" for number in range(10, 40)]
    marked = nsg(*(marks[start : start + 10] for start in (0, 10, 20)))
    written = bytearray(form % text(*records, marked, *records))
    start = data.draw(st.integers(0, len(written)))
    length = data.draw(st.sampled_from([0, 0, 1, 10]))
    lost = bytes(written[start : start + length])
    written[start : start + length] = data.draw(st.sampled_from([b"", b'"', b"{", b"}", b"x", b"\\"]))
    kept = b"|".join(item.raw for item in decode_both(bytes(written)).set_aside)
    assert len(lost) > 1 or [mark for mark in marks if mark.encode() not in kept] in ([], *([mark] for mark in marks))


def without(record, index):
    return record[:index] + record[index + 1 :]


def test_two_torn_tuples_in_a_range_take_no_record_between_them_along():
    records = [text(nsg(numbered(number))) for number in range(1, 7)]
    for torn in (1, 4):
        records[torn] = without(records[torn], records[torn].rindex(b'"'))
    decoded = decode_both(b",".join(records))
    assert ports(decoded) == [1, 3, 4, 6]
    assert [item.raw.rstrip(b",") for item in decoded.set_aside] == [records[1], records[4]]


@st.composite
def damaged(draw, record):
    """A record with a byte lost, a byte more or another byte somewhere."""
    start = draw(st.integers(0, len(record) - 1))
    put = draw(st.sampled_from([b"", b'"', b"{", b"}", b"[", b"]", b",", b":", b"x", b"\xff"]))
    return record[:start] + put + record[start + draw(st.sampled_from([0, 1])) :]


@KINDS
@given(hurt=st.sets(st.integers(0, 5), min_size=2, max_size=2), data=st.data())
def test_damage_to_two_records_costs_the_others_nothing_and_no_tuple_is_lost(kind, hurt, data):
    tuples = [TUPLES[kind].replace("49982", str(port)) for port in range(50_000, 50_006)]
    made = [text(record(kind, [each], ["x"])) for each in tuples]
    written = [data.draw(damaged(each)) if number in hurt else each for number, each in enumerate(made)]
    decoded = decode_both(b'{"records":[%b]}' % b",".join(written))
    kept = [item.raw for item in decoded.set_aside]
    for number in range(6):
        if number not in hurt:
            assert decode(made[number]).lines[0] in decoded.lines
        elif tuples[number].encode() in written[number]:
            assert 50_000 + number in ports(decoded) or any(tuples[number].encode() in raw for raw in kept)
    assert kept.count(b"x") >= 4
    assert len(decoded.lines) <= 6


@KINDS
def test_a_set_aside_tuple_is_read_again_from_what_was_kept(kind):
    first = decode(text(record(kind, [TUPLES[kind], "x"])))
    envelope = first.set_aside[0].context
    again = decode_set_aside(Unit.TUPLE, TUPLES[kind].encode(), envelope)
    assert (again.lines, again.set_aside) == (first.lines, [])
    assert decode_set_aside(Unit.TUPLE, b"x", envelope).set_aside == [
        replace(first.set_aside[0], position="flowTuples[0]")
    ]


def test_a_set_aside_record_or_range_is_read_again_from_its_bytes():
    data = text(nsg(numbered(1)))
    assert ports(decode_set_aside(Unit.RECORD, data, None)) == [1]
    assert ports(decode_set_aside(Unit.RANGE, b"x" + data, None)) == [1]
