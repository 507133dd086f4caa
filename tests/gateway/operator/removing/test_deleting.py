import pytest

from gateway.operator.deleting import in_words


@pytest.mark.parametrize(("count", "words"), [(0, "0 records"), (1, "1 record"), (12345, "12,345 records")])
def test_a_number_of_records_is_written_out(count, words):
    assert in_words(count) == words
