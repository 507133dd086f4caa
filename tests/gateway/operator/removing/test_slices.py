from collections import Counter

import pytest

from gateway.clock import utc_now
from gateway.operator import slices as module
from gateway.operator.slices import in_words, slices
from gateway.stores.posts import Post
from gateway.stores.records import Records
from gateway.stores.transposed import transposed
from gateway.traffic.questions import Condition
from tests.gateway.client import record

WANTED = Condition("customer = ? OR src_port = ?", (1, 7))


@pytest.fixture
def records(tmp_path):
    opened = Records.open(tmp_path / "records.duckdb")
    for number in range(12):
        lines = [record(src_port=number)] * (number % 5)
        opened.store(Post(1 + number // 4, f"key {number}", b"", b"{}", utc_now()), transposed(lines))
    yield opened
    opened.close()


@pytest.mark.parametrize("size", [1, 2, 5, 8, 1000])
def test_every_record_that_is_wanted_is_in_one_slice(records, monkeypatch, size):
    monkeypatch.setattr(module, "_SIZE", size)
    found = Counter()
    for each in slices(records, WANTED):
        rows = list(records.rows(f"SELECT post, line FROM records WHERE {each.within.sql}", each.within.parameters))
        assert len(rows) == each.count > 0
        found.update(rows)
    wanted = records.rows(f"SELECT post, line FROM records WHERE {WANTED.sql}", WANTED.parameters)
    assert found == Counter(dict.fromkeys(wanted, 1))


def test_a_slice_goes_by_all_records_that_lie_in_it(records, monkeypatch):
    monkeypatch.setattr(module, "_SIZE", 6)
    assert [each.count for each in slices(records, Condition("customer = ?", (1,)))] == [6]
    assert len(list(slices(records, Condition("src_port IN (?, ?)", (1, 11))))) == 2
    assert list(slices(records, Condition("customer = ?", (9,)))) == []


@pytest.mark.parametrize(("count", "words"), [(0, "0 records"), (1, "1 record"), (12345, "12,345 records")])
def test_a_number_of_records_is_written_out(count, words):
    assert in_words(count) == words
