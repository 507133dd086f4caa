import json
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery import reading
from shared.delivery.batch import CUT_VERSION
from shared.delivery.reading import ByteRange, Reading, is_rewritten, survey
from shared.errors import Unsupported
from shared.flowlog import decode
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, Tail, digest_of
from tests.support.blob import Blob
from tests.support.logs import CLOSER, HEAD, ports_of, record


def ports(ranges: Iterable[ByteRange]) -> list[int]:
    return [port for byte_range in ranges for port in ports_of(decode(byte_range.data).lines)]


def after(checkpoint: Checkpoint, byte_range: ByteRange) -> Checkpoint:
    return replace(checkpoint, offset=byte_range.end, blocks=byte_range.blocks)


def test_a_log_as_azure_writes_it_gives_a_segment_for_each_block_and_leaves_the_closer():
    blob = Blob([HEAD, record(1), b"," + record(2), CLOSER])
    ranges = blob.read(blob.checkpoint())
    assert [(s.start, s.blocks, s.covered) for s in ranges] == [
        (0, 1, True),
        (12, 2, True),
        (12 + len(record(1)), 3, True),
    ]
    assert ports(ranges) == [1, 2]
    assert ranges[-1].end == len(blob.data) - len(CLOSER)


@pytest.mark.parametrize("closer", [b"]}", b"\r\n]\r\n}", b" ] } \n"])
@pytest.mark.parametrize("head", [b'{"records":[', b'{\r\n  "records": [\r\n', b'\xef\xbb\xbf{"records" : [ '])
def test_heads_and_closers_of_any_length_are_known_by_their_content(head, closer):
    blob = Blob([head, record(1), b"," + record(2), closer])
    assert survey(blob.snapshot, blob.fetch) is Layout.BLOCKS
    ranges = blob.read(blob.checkpoint())
    assert ports(ranges) == [1, 2]
    assert ranges[-1].end == len(blob.data) - len(closer)


def test_only_what_lies_after_the_checkpoint_is_fetched():
    blob = Blob([HEAD, record(1), b"," + record(2), CLOSER])
    first = blob.read(blob.checkpoint())[1]
    blob.fetched.clear()
    assert ports(blob.read(after(blob.checkpoint(), first))) == [2]
    assert blob.fetched == [(first.end, len(blob.data))]


def test_a_comma_may_stand_after_a_block_as_well_as_before_it():
    blob = Blob([HEAD, record(1) + b",", record(2) + b",", record(3), CLOSER])
    assert ports(blob.read(blob.checkpoint())) == [1, 2, 3]


def test_a_closer_in_the_last_data_block_is_left_and_its_block_is_not_counted_on():
    blob = Blob([HEAD, record(1), b"," + record(2) + b"]}"])
    last = blob.read(blob.checkpoint())[-1]
    assert ports([last]) == [2]
    assert last.end == len(blob.data) - 2
    assert (last.blocks, last.covered) == (2, False)


def test_a_last_block_that_only_looks_as_if_it_closed_the_log_is_read_whole():
    bare = json.dumps({"properties": {"Version": 2, "flows": []}, "tail": []}, separators=(",", ":")).encode()
    assert bare.endswith(b"]}")
    blob = Blob([HEAD, bare])
    assert blob.read(blob.checkpoint())[-1].end == len(blob.data)


def test_blocks_that_cut_through_records_are_read_by_bytes():
    whole = HEAD + record(1) + b"," + record(2) + CLOSER
    blob = Blob([whole[:100], whole[100:300], whole[300:]])
    assert survey(blob.snapshot, blob.fetch) is Layout.BYTES
    ranges = blob.read(blob.checkpoint(Layout.BYTES))
    assert ports(ranges) == [1, 2]
    assert len(ranges) == 2


def test_records_that_share_a_block_with_the_closer_are_read_by_bytes():
    blob = Blob([HEAD, record(1), b"," + record(2) + CLOSER])
    assert survey(blob.snapshot, blob.fetch) is Layout.BYTES


def test_a_log_with_nothing_but_its_opening_will_be_read_by_blocks():
    for blob in (Blob([HEAD]), Blob([HEAD, CLOSER])):
        assert survey(blob.snapshot, blob.fetch) is Layout.BLOCKS


def test_a_blob_without_blocks_gives_a_segment_for_each_record():
    blob = Blob([HEAD + record(1, 2) + b"," + record(3) + CLOSER], by_blocks=False)
    assert survey(blob.snapshot, blob.fetch) is Layout.BYTES
    reading_ = Reading(blob.checkpoint(Layout.BYTES), blob.snapshot, blob.fetch)
    assert [ports([byte_range]) for byte_range in reading_] == [[1, 2], [3]]
    assert reading_.left == 0


def test_a_blob_without_blocks_is_read_up_to_its_last_complete_record_and_says_what_is_left():
    blob = Blob([HEAD + record(1) + b"," + record(2)[:50]], by_blocks=False)
    reading_ = Reading(blob.checkpoint(Layout.BYTES), blob.snapshot, blob.fetch)
    assert ports(reading_) == [1]
    assert reading_.left == 50


def test_how_far_a_blob_without_blocks_had_grown_never_changes_its_segments():
    whole = HEAD + b",".join(record(number) for number in range(6)) + CLOSER
    at_once = Blob([whole], by_blocks=False).read(Checkpoint("name", Layout.BYTES, CutRule(CUT_VERSION, 10)))
    grown, checkpoint = [], Checkpoint("name", Layout.BYTES, CutRule(CUT_VERSION, 10))
    for size in range(0, len(whole) + 1, 97):
        for byte_range in Blob([whole[:size]], by_blocks=False).read(checkpoint):
            grown.append(byte_range)
            checkpoint = after(checkpoint, byte_range)
    grown += Blob([whole], by_blocks=False).read(checkpoint)
    assert grown == at_once


def test_garbage_without_any_end_is_unsupported_where_blocks_do_not_bound_it(monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_RECORD", 200)
    blob = Blob([b"{" * 500], by_blocks=False)
    with pytest.raises(Unsupported, match="No record ends"):
        blob.read(blob.checkpoint(Layout.BYTES))


@st.composite
def large_blocks(draw):
    records = draw(st.lists(st.integers(1, 30), min_size=1, max_size=12))
    garbage = draw(st.sampled_from([b"", b"xx", b'"', b"{", b"]}"]))
    at = draw(st.integers(0, len(records)))
    texts = [b"," + record(*range(count)) for count in records]
    return b"".join([*texts[:at], garbage, *texts[at:]])


@given(block=large_blocks(), fetch_bytes=st.integers(64, 2000), longest=st.integers(1, 4), last=st.booleans())
def test_a_large_block_is_cut_between_records_wherever_reading_begins(block, fetch_bytes, longest, last):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "FETCH_BYTES", fetch_bytes)
        patch.setattr(reading, "LONGEST_RECORD", 3000 * longest)
        blob = Blob([HEAD, block] if last else [HEAD, block, CLOSER])
        ranges = blob.read(blob.checkpoint(), settled=True)
        data = b"".join(blob.data[s.start : s.end] for s in ranges)
        assert data in {HEAD + block, HEAD + block.removesuffix(b"]}")}
        for number, byte_range in enumerate(ranges):
            assert blob.read(after(blob.checkpoint(), byte_range), settled=True) == ranges[number + 1 :]


@given(st.lists(st.integers(0, 5), max_size=8))
def test_every_record_of_every_block_comes_exactly_once_and_in_order(counts):
    number = iter(range(1000))
    blocks = [b"".join(b"," + record(next(number)) for _ in range(count)) for count in counts]
    blob = Blob([HEAD, *blocks, CLOSER])
    assert ports(blob.read(blob.checkpoint())) == list(range(sum(counts)))


def test_neighbouring_blocks_are_fetched_together_in_ranges_of_about_a_megabyte():
    blob = Blob([HEAD, *([b"," + record(*range(3000))] * 20), CLOSER])
    blob.read(blob.checkpoint())
    sizes = [end - start for start, end in blob.fetched]
    assert sum(sizes) == len(blob.data)
    assert max(sizes) <= reading.FETCH_BYTES
    assert len(sizes) <= 2 * len(blob.data) / reading.FETCH_BYTES + 1


def test_a_longer_log_with_the_same_beginning_is_not_rewritten():
    before = Blob([HEAD, record(1), CLOSER])
    checkpoint = replace(before.checkpoint(), offset=12, blocks=1, digest=digest_of(before.snapshot.blocks[:1]))
    blob = Blob([HEAD, record(1), b"," + record(2), CLOSER])
    assert not is_rewritten(checkpoint, blob.snapshot, blob.fetch)


def test_a_log_with_other_blocks_or_fewer_of_them_is_rewritten():
    blob = Blob([HEAD, record(1), b"," + record(2), CLOSER])
    checkpoint = replace(blob.checkpoint(), offset=300, blocks=3, digest=digest_of(blob.snapshot.blocks[:3]))
    for other in (Blob([HEAD, record(1), CLOSER]), Blob([HEAD, record(11), b"," + record(2), CLOSER])):
        assert is_rewritten(checkpoint, other.snapshot, other.fetch)


def test_a_log_read_by_bytes_is_rewritten_when_other_bytes_stand_before_the_checkpoint():
    data = HEAD + record(1) + b"," + record(2)
    checkpoint = replace(Blob([data]).checkpoint(Layout.BYTES), offset=len(data), tail=Tail.of(data))
    same, other = Blob([data + CLOSER], by_blocks=False), Blob([data[:-9] + b"]}" * 9], by_blocks=False)
    assert not is_rewritten(checkpoint, same.snapshot, same.fetch)
    assert is_rewritten(checkpoint, other.snapshot, other.fetch)
    shorter = Blob([data[:-1]], by_blocks=False)
    assert is_rewritten(checkpoint, shorter.snapshot, shorter.fetch)
