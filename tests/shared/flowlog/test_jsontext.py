from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.flowlog.jsontext import DuplicateKeyError, NotJsonError, elements, key_spellings, load, members

TEXT = st.text('ab"\\\\{}[],: \n\u0000\u00e9', max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
LAYOUTS = st.sampled_from([0, orjson.OPT_INDENT_2])


@given(st.dictionaries(TEXT, JSON, max_size=5), LAYOUTS)
def test_the_members_of_an_object_are_told_apart(value, layout):
    assert {key: load(text) for key, text in members(orjson.dumps(value, option=layout)).items()} == value


@given(st.lists(JSON, max_size=5), LAYOUTS)
def test_the_elements_of_an_array_are_told_apart(value, layout):
    assert [load(text) for text in elements(orjson.dumps(value, option=layout))] == value


def test_values_are_kept_as_written():
    assert elements(b'[ 1e400 ,"\\u0041\xff", NaN,{"a" : 1}]') == [b"1e400", b'"\\u0041\xff"', b"NaN", b'{"a" : 1}']


def test_a_key_that_stands_twice_is_seen_through_its_escapes():
    with pytest.raises(DuplicateKeyError, match="the key 'a' is in one object twice"):
        members(b'{"a":1,"\\u0061":2}')


def test_the_spellings_of_a_key_are_counted_at_any_depth_and_texts_are_not():
    text = b'{"a":["a","\\u0061",{"\\u0061" : {"a":1,"b\\"a":2,"\\ud800":3}}],"b":"\\"a\\":"}'
    assert key_spellings(text, "a") == {b"a": 2, b"\\u0061": 1}


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'{"a":1', b'{"a":1}}', b'{"a"}', b"{a:1}", b'{"a":1,}', b"{,}", b'{"a":1]', b'{"\xff":1}', b"[]"],
)
def test_what_is_not_an_object_is_not_json(text):
    with pytest.raises(NotJsonError):
        members(text)


@pytest.mark.parametrize(
    "text", [b"", b"[", b"[1", b"[1,]", b"[,1]", b"[1,,2]", b"[1}", b"[1]]", b'["a]', b"[1]x", b"{}"]
)
def test_what_is_not_an_array_is_not_json(text):
    with pytest.raises(NotJsonError):
        elements(text)


def test_depth_costs_neither_time_nor_stack():
    assert len(elements(b"[" * 100_000 + b"]" * 100_000)) == 1


@given(st.binary())
def test_any_bytes_end_in_values_or_an_error(data):
    for split in (members, elements, load):
        with suppress(NotJsonError, DuplicateKeyError):
            split(data)
