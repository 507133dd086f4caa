import pytest

from gateway.stores.duckdb.records import DuckDBRecords


@pytest.fixture
def path(tmp_path):
    return tmp_path / "records.duckdb"


@pytest.fixture
def records(path):
    opened = DuckDBRecords.open(path)
    yield opened
    opened.close()
