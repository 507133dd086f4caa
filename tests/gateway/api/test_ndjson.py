import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.api.ndjson import read_lines
from shared.flowlog.check import check
from tests.gateway.client import ndjson, record, records_of


@given(
    st.lists(
        st.one_of(
            st.just(json.dumps(record()).encode()),
            st.binary(max_size=20).filter(lambda raw: b"\n" not in raw),
            st.dictionaries(st.sampled_from(list(record())), st.integers()).map(
                lambda value: json.dumps(value).encode()
            ),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_line_is_either_accepted_or_rejected(lines):
    batch = read_lines(ndjson(b"{}", *lines), 100)
    assert batch.accepted + len(batch.rejected) == len(lines) + 1
    assert all(check(each) is None for each in records_of(batch.columns))
    assert [each["line"] for each in batch.rejected] == sorted({each["line"] for each in batch.rejected})
