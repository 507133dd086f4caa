import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.api.ndjson import read_lines
from gateway.traffic.exports.formats import FORMATS, chunks, ndjson_lines
from tests.gateway.client import record, records_of
from tests.support.records import flow_records


@given(st.lists(flow_records(), min_size=1, max_size=5))
def test_the_api_takes_what_was_exported_and_has_the_same_records(records):
    batch = read_lines(b"".join(ndjson_lines(records)), 10)
    assert batch.rejected == []
    assert records_of(batch.columns) == records


def test_lines_are_joined_to_chunks_and_none_is_lost():
    lines = [b"%d\n" % number * 1000 for number in range(500)]
    joined = list(chunks(lines))
    assert b"".join(joined) == b"".join(lines)
    assert 1 < len(joined) < 100
    assert list(chunks([])) == []


def test_an_export_takes_no_more_records_than_it_has_written():
    taken = []

    def records():
        for number in range(100_000):
            taken.append(number)
            yield record(time=1795447800000 + number)

    for form in FORMATS:
        taken.clear()
        next(chunks(form.lines(records())))
        assert 0 < len(taken) < 1000


def test_each_format_writes_a_line_a_record():
    count = {form.suffix: len(b"".join(form.lines([record()] * 3)).splitlines()) for form in FORMATS}
    assert count == {"csv": 4, "ndjson": 3, "ocsf.ndjson": 3}
    for form in FORMATS[1:]:
        assert all(json.loads(line) for line in form.lines([record()]))
