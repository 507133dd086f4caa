import orjson
import pytest

from shared.flowlog import cut_start, first_start, last_start
from tests.shared.flowlog.made import NSG_V2_TUPLE, TUPLES, nsg, record, text, vnet

A, B = text(nsg([NSG_V2_TUPLE])), text(vnet(["x", "y"]))
LAID_OUT = orjson.dumps(nsg(["x"]), option=orjson.OPT_INDENT_2)


def test_the_first_record_and_the_last_begin_with_the_separators_before_them():
    data = A[40:] + b" ,\n" + B + b"," + LAID_OUT + b","
    assert first_start(data) == len(A) - 40
    assert last_start(data) == len(A) - 40 + 3 + len(B)
    assert first_start(b", \n" + A) == last_start(b", \n" + A) == 0


@pytest.mark.parametrize("kind", TUPLES)
@pytest.mark.parametrize("order", ["written", "reversed", "sorted"])
def test_a_record_begins_with_any_key_that_only_whole_records_have(kind, order):
    value = record(kind, [TUPLES[kind]])
    keys = {"written": list(value), "reversed": list(reversed(value)), "sorted": sorted(value)}[order]
    written = orjson.dumps({key: value[key] for key in keys})
    assert first_start(b"x" + written) == 1
    assert [first_start(written[place:]) for place in range(1, len(written))] == [None] * (len(written) - 1)


@pytest.mark.parametrize(
    "data", [b"", b",", A[1:], b'"more":' + A, b'"more":[' + A, b'{"more":1}', b'{\\"time\\":1}', b'"{","time":1']
)
def test_nothing_else_is_a_record_that_begins(data):
    assert first_start(data) is None
    assert last_start(data) is None


def test_more_bytes_are_searched_from_where_a_start_could_still_be_cut():
    data = b"x" * 5000 + b"," + A
    for cut in range(4990, 5030):
        assert first_start(data[:cut]) in (None, 5000)
        assert first_start(data, cut if first_start(data[:cut]) is None else 0) == 5000


@pytest.mark.parametrize("cut", [A, B, LAID_OUT], ids=["nsg", "vnet", "laid out"])
def test_a_record_that_the_end_cuts_off_is_found_wherever_it_is_cut(cut):
    for length in range(1, len(cut)):
        assert cut_start(A + b",\n" + cut[:length]) == len(A), cut[:length]
        assert cut_start(cut[:length]) == 0


@pytest.mark.parametrize("harmed", [A[:-1], A[:-60], A.replace(b'"time"', b'"time', 1), A + b"}", b"x{", A[50:]])
def test_a_cut_record_is_found_behind_a_harmed_one(harmed):
    for length in range(20, len(B)):
        assert cut_start(harmed + b"," + B[:length]) == len(harmed), B[:length]


@pytest.mark.parametrize(
    "data", [b"", b",", A, A + b",", A + b"x", A + b"," + LAID_OUT, text(nsg([], a="{")), A + b"}"]
)
def test_where_no_record_is_cut_the_end_is_given(data):
    assert cut_start(data) == len(data)
