import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.ndjson import read_each_line
from gateway.stores.duckdb.answers import packed, unpacked
from tests.gateway.client import ndjson, record


@given(st.recursive(st.text() | st.integers(0, 9), lambda each: st.lists(each, max_size=50)))
def test_an_answer_comes_back_as_it_was(value):
    answer = orjson.dumps({"accepted": 1, "rejected": [value] * 30})
    assert unpacked(packed(answer)) == answer


def test_the_answer_to_a_body_of_nothing_but_bad_lines_is_kept_small():
    batch = read_each_line(b"{}\n" * 20_000)
    answer = orjson.dumps({"accepted": 0, "duplicate": False, "rejected": batch.rejected})
    assert len(answer) > 5_000_000
    assert len(packed(answer)) < 200_000


def test_of_thousands_of_reasons_the_first_hundred_are_reported():
    bodies = [ndjson(*(record(src_port=70_000 + number) for number in range(150))), ndjson(record(), *[b"{}"] * 150)]
    many, few = (read_each_line(body).rejected for body in bodies)
    assert [each["line"] for each in many] == list(range(150))
    assert many[99]["reason"].endswith("not 70099")
    assert {each["reason"] for each in many[100:]} == {
        "not a flow record, for another reason than those given for other lines"
    }
    assert len({each["reason"] for each in few}) == 1
