import itertools
import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.flowlog import RecordScanner, Span, SpanKind, is_closer, is_head
from shared.flowlog.framing import begins_with_array, is_framing, names_records, without_envelope

BOM = b"\xef\xbb\xbf"
RECORD = b'{"a":"}{\\"][","b":{"c":[{}]}}'
FRAMING = re.compile(rb'(?:[ \t\r\n,]|\xef\xbb\xbf|\{\s*"records"\s*:\s*\[|\]\s*\})*')


def scan(*chunks):
    scanner = RecordScanner()
    spans = [span for chunk in chunks for span in scanner.feed(chunk)]
    return spans, scanner.rest_start


def records(data):
    return [data[span.start : span.end] for span in scan(data)[0] if span.kind is SpanKind.RECORD]


def garbage(data):
    return [data[span.start : span.end] for span in scan(data)[0] if span.kind is SpanKind.GARBAGE]


@pytest.mark.parametrize(
    "block", [b'{"records":[', b'{\r\n  "records": [\r\n', BOM + b'{"records":[', b'\n{ "records"\t:\n[ ']
)
def test_the_opening_of_the_envelope_is_known_at_any_length(block):
    assert is_head(block)
    assert not is_closer(block)


@pytest.mark.parametrize(
    "block", [b"", b"{", b'{"records":', b'{"records":[{}', b'{"record":[', b'{"records":{', b"]}", b'x{"records":[']
)
def test_anything_else_is_not_an_opening(block):
    assert not is_head(block)


@pytest.mark.parametrize("block", [b"]}", b"\r\n  ]\r\n}", b"] }\n"])
def test_the_closer_is_known_at_any_length(block):
    assert is_closer(block)
    assert not is_head(block)


@pytest.mark.parametrize("block", [b"", b"]", b"}", b",{}]}", b"]}]}", b"]},", b'{"records":[]}'])
def test_anything_else_is_not_a_closer(block):
    assert not is_closer(block)


@pytest.mark.parametrize(
    "data",
    [
        RECORD + b"," + RECORD,
        b"," + RECORD + b"," + RECORD,
        RECORD + b"," + RECORD + b",",
        b'{"records":[' + RECORD + b"," + RECORD + b"]}",
        BOM + b'{ "records" : [\n' + RECORD + b" ,\n" + RECORD + b"\n]\n}\n",
        b'{"records":[' + RECORD + b"," + RECORD,
        RECORD + b"," + RECORD + b"]}",
        b'{"records":[' + RECORD + b',{"records":[' + RECORD + b"]}]}",
        RECORD + b"\n" + RECORD,
    ],
)
def test_records_are_found_in_every_form_of_a_log(data):
    assert records(data) == [RECORD, RECORD]
    assert garbage(data) == []
    assert scan(data)[1] == len(data)


@pytest.mark.parametrize("data", [b"", b"  \n", b"]}", b'{"records":[]}', b'{"records":[', b",,"])
def test_a_log_without_records_gives_nothing(data):
    assert scan(data) == ([], len(data))


def test_spans_count_from_the_offset_that_the_scanner_began_at():
    scanner = RecordScanner(1000)
    assert scanner.feed(b',{"a":1}') == [Span(1001, 1008, SpanKind.RECORD)]
    assert scanner.rest_start == 1008


def test_an_incomplete_record_is_the_rest():
    spans, rest = scan(b'{"a":1},{"b":{}')
    assert [(span.start, span.end) for span in spans] == [(0, 7)]
    assert rest == 8


def test_an_incomplete_record_ends_with_a_later_chunk():
    scanner = RecordScanner()
    assert scanner.feed(b'{"b":"}') == []
    assert scanner.rest_start == 0
    assert scanner.feed(b'"}') == [Span(0, 9, SpanKind.RECORD)]
    assert scanner.rest_start == 9


@pytest.mark.parametrize("cut", [b"]", b'{"rec', b'{"records":', b"\xef\xbb", b"{", b"] "])
def test_framing_that_is_cut_is_waited_for(cut):
    assert scan(b'{"a":1}' + cut) == ([Span(0, 7, SpanKind.RECORD)], 7)


@pytest.mark.parametrize("spaces", [201, 900, 5000])
def test_an_opening_full_of_space_is_a_record_however_it_arrives(spaces):
    parts = b"{" + b" " * spaces, b'"records":[{}]}'
    assert scan(*parts) == scan(b"".join(parts)) == ([Span(0, spaces + 16, SpanKind.RECORD)], spaces + 16)


@pytest.mark.parametrize("between", [b"garbage", b"[", b"}", b']"x"', b"5", b'"', b"\xff\x00", b"\xef\xbb"])
def test_bytes_that_belong_to_no_record_are_a_span_of_their_own(between):
    data = RECORD + b"," + between + b"," + RECORD
    assert records(data) == [RECORD, RECORD]
    assert garbage(data) == [between + b","]


def test_garbage_at_the_end_is_the_rest():
    assert scan(b'{"a":1},oops') == ([Span(0, 7, SpanKind.RECORD)], 8)


def test_a_scanner_keeps_no_bytes_of_a_record():
    scanner = RecordScanner()
    for _ in range(100):
        scanner.feed(b'{"a":"' + b"x" * 10_000 + b"\\")
        scanner.feed(b'""},')
    assert len(scanner._held) < 10


PIECES = st.lists(
    st.sampled_from(
        [
            *(b'{"records":[', b"]}", b",", b"{", b"}", b"[", b"]", b'"', b"\\", b'\\"', b" ", b"\n", BOM, b"\xef"),
            *(b'{"a":1}', b'{"time":"x","b":["{",{}]}', b'"records"', b":", b"text", b"1", RECORD),
        ]
    )
    | st.binary(max_size=4),
    max_size=30,
).map(b"".join)


@given(PIECES, st.lists(st.integers(0, 200), max_size=8))
def test_spans_do_not_depend_on_how_the_bytes_arrive(data, cuts):
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[start:end] for start, end in itertools.pairwise(edges)]
    assert scan(*chunks) == scan(data)
    assert scan(*(data[place : place + 1] for place in range(len(data)))) == scan(data)


@given(PIECES)
def test_every_byte_is_in_a_span_in_the_rest_or_framing(data):
    spans, rest = scan(data)
    end = 0
    for span in spans:
        assert FRAMING.fullmatch(data[end : span.start])
        end = span.end
    assert FRAMING.fullmatch(data[end:rest])


@given(PIECES)
def test_a_scanner_that_begins_after_a_span_finds_the_same_spans(data):
    spans, rest = scan(data)
    for place, span in enumerate(spans):
        scanner = RecordScanner(span.end)
        assert scanner.feed(data[span.end :]) == spans[place + 1 :]
        assert scanner.rest_start == rest


TEXT = st.text('ab"\\\\{}[],: \n', max_size=8)


@given(st.lists(st.dictionaries(TEXT, TEXT | st.lists(TEXT) | st.dictionaries(TEXT, TEXT), max_size=4), max_size=5))
def test_all_objects_of_an_array_are_records(values):
    texts = [orjson.dumps(value) for value in values]
    assert [bytes(text) for text in records(b",".join(texts))] == texts


def test_the_envelope_is_taken_off():
    assert without_envelope(BOM + b' {"records": [ {"a":1},{} ]}\n') == b'{"a":1},{}'
    assert without_envelope(b',{"a":1},') == b'{"a":1}'
    assert without_envelope(b'{"records":[{"a":1}') == b'{"a":1}'


def test_without_an_opening_the_closer_may_belong_to_a_record():
    assert without_envelope(b'{"a":[]}') == b'{"a":[]}'


def test_framing_is_known_without_records():
    assert is_framing(b'\xef\xbb\xbf{"records":[ ,\n]},')
    assert not is_framing(b",x,")


@pytest.mark.parametrize("key", ["records", "record", "ecords", "recrds", "reXords", "recXYords", "recordsX", "recs"])
def test_a_key_harmed_in_one_place_is_known(key):
    assert names_records(key.encode())


@pytest.mark.parametrize("key", ["", "r", "rds", "rec", "value", "flows", "properties", "reXXrXs", "resources"])
def test_any_other_key_is_not(key):
    assert not names_records(key.encode())


def test_an_object_that_begins_with_an_array_may_be_an_envelope():
    assert begins_with_array(b'{ "a\\"b" :\n[')
    assert not begins_with_array(b'{"a":{"b":[]}}')
