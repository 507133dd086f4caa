import pytest

from benchmarks.many_records import START_MS, WEEK_MS, fill
from gateway.clock import from_ms
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.traffic.paging import FIRST, LAST
from gateway.traffic.question import Question
from gateway.traffic.terms import Search
from shared.flowlog.check import check


@pytest.mark.long
def test_a_made_up_week_is_a_week_of_flow_records_with_two_ends(tmp_path):
    fill(tmp_path / "records.duckdb", 1, 20_000)
    records = DuckDBRecords.open(tmp_path / "records.duckdb")
    question = Question(1, START_MS, START_MS + WEEK_MS + 60_000, Search())
    assert records.count(1) == 20_000
    assert len(list(records.posts(1))) == 2
    assert all(check(each) is None for each in records.records(1))
    assert (
        records.page(question, FIRST).records[0].record["time"]
        > records.page(question, LAST).records[-1].record["time"]
    )
    assert records.exposed_ports(question).rows
    assert records.freshness(1, from_ms(START_MS + WEEK_MS)) is not None
    records.close()
