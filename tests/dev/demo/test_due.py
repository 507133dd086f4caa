import json
from collections import Counter

import pytest

from dev.demo import due as due_module
from dev.demo.due import Due, due_of_block, due_of_whole
from dev.demo.ledger import Aside, flow_record
from shared.delivery.reading import FETCH_BYTES, LONGEST_RECORD
from shared.flowlog import decode
from tests.support.logs import record

_HEAD, _CLOSER = b'{"records":[', b"]}"


def _records(*texts: bytes) -> Counter[tuple]:
    return Counter(flow_record(json.loads(line)) for text in texts for line in decode(text).lines)


def test_all_of_a_whole_file_is_due_and_nothing_is_left():
    due = due_of_whole("blob", _HEAD + record(1, 2) + b"," + record(3) + _CLOSER)
    assert due.flow_records == _records(record(1, 2), record(3))
    assert (due.flow_records.total(), due.asides, due.left) == (3, Counter(), 0)


@pytest.mark.parametrize("end", [b"", _CLOSER], ids=["without a closer", "with one"])
def test_a_record_that_is_cut_is_left_and_nothing_of_it_is_due(end: bytes):
    cut = record(2)[:-20] + end
    due = due_of_whole("blob", _HEAD + record(1) + b", " + cut)
    assert due == Due(_records(record(1)), Counter(), left=len(cut), backlog=len(b", " + cut))


def test_what_the_decoder_sets_aside_is_due_in_quarantine():
    due = due_of_whole("blob", b"[" + record(1, bad=2) + b"]")
    tuples = [Aside("blob", "tuple", f"1795447800,10.0.0.4,nowhere,{n},443,T,O,A,B,,,,") for n in range(2)]
    assert {aside.unit for aside in due.asides} == {"range", "tuple"}
    assert due.asides[Aside("blob", "range", "[")] == 1
    assert [due.asides[each] for each in tuples] == [1, 1]
    assert due.left == 1  # the array's end, which is not that of a log


@pytest.mark.parametrize("content", [b"", b" \r\n\t", b"\xef\xbb\xbf", b'{"records":[]}', b"]}"])
def test_nothing_is_due_of_a_file_without_records(content: bytes):
    due = due_of_whole("blob", content)
    assert (due.flow_records, due.asides, due.left) == (Counter(), Counter(), 0)


def test_behind_bytes_that_are_too_long_for_a_record_nothing_is_due():
    rest = b"x" * (LONGEST_RECORD + FETCH_BYTES) + record(2)
    due = due_of_whole("blob", record(1) + rest)
    assert due == Due(_records(record(1)), Counter(), left=len(rest), backlog=len(rest))


def test_a_block_is_cut_as_it_is_when_it_is_delivered():
    # Longer than any record may be, so it is cut by its length, counted from the comma that the block begins with.
    long = b'{"pad":"' + b"y" * LONGEST_RECORD + b'"}'
    due = due_of_block("blob", b"," + long)
    assert {len(aside.text) for aside in due.asides} == {LONGEST_RECORD - 1, len(long) - LONGEST_RECORD + 1}
    assert due.left == 0


def test_what_the_gateway_must_refuse_is_due_in_quarantine(monkeypatch: pytest.MonkeyPatch):
    refused, taken = (decode(record(port)).lines[0] for port in (1, 2))
    monkeypatch.setattr(due_module, "check", lambda found: "its port is 1" if found["src_port"] == 1 else None)
    due = due_of_whole("blob", record(1) + b"," + record(2))
    assert due.asides == {Aside("blob", "line", refused): 1}
    assert due.flow_records == {flow_record(json.loads(taken)): 1}
