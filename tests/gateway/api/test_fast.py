import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.errors import ApiError
from gateway.api.fast import read_fast
from gateway.api.ndjson import read_each_line
from shared.flowlog.record import COUNTERS, KEYS
from tests.examples import examples
from tests.gateway.client import ndjson, record, records_of
from tests.support.records import flow_records

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["10.0.0.04", "::FFFF:1.2.3.4", "::1%eth0", "deny", "allow", "begin", "nsg", "vnet"]),
    st.sampled_from(["000d3af87856", "000D3AF87856", "000D3AF8785\n"]),
    st.sampled_from([0, 1, 2, 4, 65535, 65536, 255, 256, 10**18 - 1, 10**18, 946684799999, 946684800000]),
    st.sampled_from([letter * size for letter in "x\u20ac" for size in (170, 171, 341, 342, 512, 513, 1024, 1025)]),
    st.lists(st.integers(), max_size=2),
)
"""Values that stand at the edge of some rule, or beyond."""


@st.composite
def changed(draw):
    """A flow record with some values, or keys, changed."""
    value = draw(flow_records())
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=2)):
        value[key] = draw(ODD)
    if draw(st.integers(0, 9)) == 0:
        value = {key: value[key] for key in draw(st.permutations(KEYS))[draw(st.integers(0, 1)) :]}
    if draw(st.integers(0, 9)) == 0:
        value["more"] = None
    return value


LINES = st.one_of(
    flow_records().map(json.dumps),
    changed().map(json.dumps),
    st.tuples(flow_records(), flow_records()).map(lambda pair: json.dumps(pair[0]) + json.dumps(pair[1])),
    flow_records().map(lambda value: json.dumps(value).replace(", ", ",\n", 1)),
    flow_records().map(lambda value: json.dumps(value).replace("{", "{\n{", 1)),
    flow_records().map(lambda value: json.dumps(value)[:-1] + ', "rule": "again"}'),
    st.sampled_from(["", " ", "{", "}", "{}", "[]", "null", '{"a":1}', "{\n}"]),
).map(str.encode)


def plainly(body):
    try:
        return read_each_line(body)
    except ApiError:
        return None


@settings(max_examples=examples(150))
@given(st.lists(LINES, min_size=1, max_size=3), st.sampled_from([b"\n", b"\r\n", b"\n\n"]), st.booleans())
def test_what_is_read_the_fast_way_is_what_the_plain_way_reads(lines, end, ended):
    body = end.join(lines) + (end if ended else b"")
    fast, plain = read_fast(body), plainly(body)
    if fast is not None:
        assert plain is not None
        assert not plain.rejected
        assert records_of(fast) == records_of(plain.columns)


@settings(max_examples=examples(50))
@given(st.lists(flow_records(), min_size=1, max_size=3))
def test_a_body_without_a_fault_is_read_the_fast_way(values):
    assert read_fast(ndjson(*values)) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"src_ip": "10.0.0.04"},
        {"mac": "000d3af87856"},
        {"source": "vnet"},
        {"decision": "allow", "state": "deny", "version": 4, "source": "vnet"},
        {"state": "begin", **dict.fromkeys(COUNTERS, 0)},
        {"decision": "deny", **dict.fromkeys(COUNTERS, 0)},
        {"src_port": 65536},
        {"time": 946684799999},
        {"bytes_src_to_dst": 10**18},
        {"rule": None},
        {"rule": "x" * 513},
        {"resource_id": "x" * 1025},
    ],
)
def test_one_fault_anywhere_leaves_the_body_to_the_plain_way(change):
    assert read_fast(ndjson(record(), record(), record(**change), record())) is None


def test_counters_of_zero_are_fine_in_a_flow_that_continues():
    body = ndjson(record(), record(state="continue", **dict.fromkeys(COUNTERS, 0)))
    fast = read_fast(body)
    assert fast is not None
    assert Counter(fast["bytes_src_to_dst"]) == {0: 1, 66: 1}
