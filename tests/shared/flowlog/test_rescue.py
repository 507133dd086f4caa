"""Harmed logs: what is intact beside the harm comes out, once, and nothing else does."""

import random
from functools import partial

import pytest

from shared.flowlog import decode, rescue
from shared.flowlog.decode import decode_plainly
from shared.flowlog.rescue import whole_records
from tests.shared.flowlog.harm import (
    OF_A_RECORD,
    OF_A_SEPARATOR,
    OF_THE_ENVELOPE,
    harmed_envelope,
    harmed_record,
    harmed_separator,
)
from tests.shared.flowlog.made import NSG_V2_TUPLE, TUPLES, file, nsg, record, text, vnet

HARMS = [
    *((f"a record {harm.__name__}", partial(harmed_record, harm=harm)) for harm in OF_A_RECORD),
    *((f"two records {harm.__name__}", partial(harmed_record, harm=harm, neighbours=2)) for harm in OF_A_RECORD),
    *((f"a separator {harm.__name__}", partial(harmed_separator, harm=harm)) for harm in OF_A_SEPARATOR),
    *((f"the envelope {harm.__name__}", partial(harmed_envelope, harm=harm)) for harm in OF_THE_ENVELOPE),
]


@pytest.mark.parametrize("numbers", [range(10), pytest.param(range(10, 30), marks=pytest.mark.long)], ids=str)
@pytest.mark.parametrize(("name", "make"), HARMS, ids=[name for name, _ in HARMS])
def test_a_harm_costs_no_tuple_of_the_records_beside_it(name, make, numbers):
    for number in numbers:
        harmed = make(random.Random(f"{name} {number}"))
        decoded = decode(harmed.data)
        assert harmed.cost(decoded.lines) == 0, harmed.data
        assert decoded == decode_plainly(harmed.data)


def found(data):
    return [data[start:end] for start, end in whole_records(data)]


A, B, C = (text(nsg([NSG_V2_TUPLE.replace("49982", str(port))])) for port in (1, 2, 3))
TORN_AT_AN_OBJECT = A[: A.index(b'{"rule"')]


def test_records_swallowed_by_one_that_is_torn_where_an_object_may_follow_are_found():
    assert found(TORN_AT_AN_OBJECT + B + b"," + C + b"]}") == [B, C]


def test_a_record_after_one_that_lost_a_brace_and_before_one_that_has_one_too_many_is_found():
    assert found(A[:-1] + b"," + B + b"," + C + b"}") == [B, C]


def test_records_whose_strings_have_escapes_and_brackets_are_found_behind_a_torn_one():
    hard = text(nsg([NSG_V2_TUPLE], resourceId='/"}]{["\\'))
    for length in range(1, len(A)):
        assert hard in found(A[:length] + b"," + hard + b"," + B), A[:length]


@pytest.mark.parametrize("escape", [b"\\", b"\\\\", b'\\"', b'"\\'])
def test_a_stray_escape_between_records_hides_none(escape):
    assert found(A[:-9] + escape + B + escape + C) == [B, C]


NESTED = text(vnet(["x"], more={"a": 1})), text(nsg([NSG_V2_TUPLE]))
INSIDE = [
    lambda outer, inner: outer | {"more": inner},
    lambda outer, inner: {"more": inner} | outer,
    lambda outer, inner: outer | {"more": [inner, inner]},
    lambda outer, inner: outer | {"more": {"flows": [inner]}},
    lambda outer, inner: outer | {"records": [inner]},
    lambda outer, inner: outer | {"properties": {"Version": 2, "flows": [inner]}},
]


@pytest.mark.parametrize("nest", INSIDE, ids=range(len(INSIDE)))
@pytest.mark.parametrize("kind", TUPLES)
def test_a_record_inside_of_an_intact_one_is_never_one_of_its_own(nest, kind):
    outer = text(nest(record(kind, ["outer"]), record(kind, [TUPLES[kind]])))
    for torn in (A[:-1], A[:-60], TORN_AT_AN_OBJECT, b"x{", A + b"}"):
        data = torn + b"," + outer + b"," + B
        assert outer in found(data), torn
        lines = decode(data).lines
        assert set(lines) <= {*decode(A).lines, *decode(B).lines}
        assert decode(B).lines[0] in lines


def test_what_stands_behind_the_key_of_a_torn_record_is_none_of_its_own():
    outer = text(nsg(["a"], more=nsg([NSG_V2_TUPLE])))
    behind = outer[outer.index(b'"category"') :]
    assert decode(behind + b"," + B).lines == decode(B).lines


@pytest.mark.parametrize("key", [b"recXrds", b"ecords", b"recor\xffds", b"records"])
@pytest.mark.parametrize("form", [b'{"%b":[', b'{%b":[', b'{"%b:[', b'{"%b"[', b'"%b":[', b'{"%b":', b'{"%b":[['])
def test_records_in_a_harmed_envelope_are_found(key, form):
    assert decode_plainly(b"%b%b,%b]}" % (form % key, A, B)).lines == decode(A + b"," + B).lines


def test_an_intact_object_with_an_array_of_another_name_is_not_an_envelope():
    for key in (b"rds", b"values", b"rows"):
        assert decode(b'{"%b":[%b]}' % (key, A)).records_set_aside == 1


def test_an_object_without_the_key_of_a_record_counts_only_where_nothing_is_harmed_before_it():
    odd = b'{"time":"x"}'
    assert found(odd + b"," + A + b"," + odd) == [odd, A, odd]
    assert found(A[:-1] + b"," + odd + b"," + B + b"," + odd) == [B, odd]


def test_a_record_whose_key_has_escapes_is_found_behind_a_torn_one():
    escaped = A.replace(b'"properties"', b'"\\u0070roperties"')
    assert decode(B[:-9] + b"," + escaped).lines == decode(A).lines


HOSTILE = {
    "records that are torn where an object may follow": lambda n: (TORN_AT_AN_OBJECT + b",") * n,
    "torn and whole ones in turn": lambda n: (A[:-2] + b"," + B + b",") * n,
    "whole ones inside of each other": lambda n: b"{x" + b'{"properties":{"flows":[' * n + b"]}}" * n,
    "envelopes inside of each other": lambda n: b"{x" + b'{"records":[' * n + b"]}" * n,
    "envelopes of other keys inside of each other": lambda n: b"{x," + b'{"a":1,"records":[' * n + b"]}" * n,
    "records with records inside": lambda n: b"{x," + b'{"properties":1,"records":[' * n + b"]}" * n,
    "opening braces": lambda n: b"{" * n,
    "closers": lambda n: b"{" + b"]}" * n,
    "quotes": lambda n: b'{"' * n,
    "escaped quotes": lambda n: b'{"' + b'\\"' * n,
    "strings followed by nothing that may follow": lambda n: b"{" + b'"a"b' * n,
    "long keys": lambda n: b"{" + (b'"' + b"k" * 1500 + b'":{') * n,
    "keys without a beginning": lambda n: b"{x" + b'":{' * n,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_are_read_in_proportion_to_their_number(make, monkeypatch):
    read = []
    is_whole = rescue.is_whole
    monkeypatch.setattr(rescue, "is_whole", lambda data: read.append(len(data)) or is_whole(data))
    steps = []
    for count in (300, 600):
        data, before = make(count), len(read)
        tokens = len(list(rescue._TOKEN.finditer(data)))
        whole_records(data)
        assert sum(read[before:]) <= rescue._DEPTH_MAX * len(data)
        steps.append(tokens + sum(read[before:]))
    assert steps[1] <= 2.1 * steps[0] + 100


def test_a_whole_log_with_one_harmed_record_gives_all_others():
    logs = [record(kind, [TUPLES[kind]] * 5, [TUPLES[kind]]) for kind in [*TUPLES] * 200]
    data = file(*logs)
    place = data.index(b'"flowTuples"', len(data) // 2)
    decoded = decode(data[:place] + data[place + 1 :])
    assert len(decoded.lines) == 599 * 6
    assert decoded.ranges_set_aside == 1
