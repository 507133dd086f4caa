from hypothesis import given
from hypothesis import strategies as st

from gateway.traffic.transposed import transposed
from shared.flowlog.record import AGENT_KEYS, KEYS
from tests.gateway.client import records_of
from tests.support.records import flow_records


@given(st.lists(flow_records(), max_size=5))
def test_records_on_their_side_are_the_same_records(records):
    assert records_of(transposed(records)) == records


def test_no_records_have_every_column_all_the_same():
    assert transposed([]) == {key: [] for key in (*KEYS, *AGENT_KEYS)}
