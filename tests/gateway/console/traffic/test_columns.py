from hypothesis import given
from hypothesis import strategies as st

from gateway.console.traffic.columns import COLUMNS, DEFAULT_COLUMNS, opposite
from gateway.traffic.search import parse
from gateway.traffic.terms import Search
from shared.flowlog.record import KEYS
from tests.gateway.client import record
from tests.gateway.contract.marked import Marked
from tests.gateway.contract.oracle import matches
from tests.support.records import flow_records


def test_every_key_of_the_record_has_a_column():
    assert set(KEYS) <= COLUMNS.keys()
    assert set(DEFAULT_COLUMNS) <= COLUMNS.keys()


def plain(value):
    return value.removeprefix("::ffff:") if isinstance(value, str) else value


def shown(record, *, counted):
    """The record as the list shows it."""
    made = Marked(record | {"counted": "yes" if counted else "no"})
    made.counted = counted
    return made


@given(flow_records(), flow_records(), st.booleans(), st.booleans())
def test_a_cells_term_finds_exactly_the_records_with_the_same_cell(one, other, first, second):
    one, other = shown(one, counted=first), shown(other, counted=second)
    for column in COLUMNS.values():
        term = column.term(one)
        if term is None:
            continue
        search = parse(str(Search((term,))))
        assert matches(search, one)
        assert not matches(parse(str(opposite(term))), one)
        # An IPv4 address inside IPv6 is the same address, though it is shown as it was written.
        same = plain(column.value(one)) == plain(column.value(other))
        assert matches(search, other) is same


def test_what_is_absent_has_a_term_too():
    absent = record(mac=None, state=None, bytes_src_to_dst=None, bytes_dst_to_src=None)
    assert str(COLUMNS["mac"].term(absent)) == "-mac:*"
    assert str(COLUMNS["bytes"].term(absent)) == "-bytes:>=0"
    assert str(COLUMNS["state"].term(absent)) == "-state:begin,continue,end,deny"
    assert COLUMNS["bytes"].value(absent) is None
