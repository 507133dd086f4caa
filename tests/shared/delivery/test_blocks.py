"""Blocks that end and begin inside of records: every record once, whatever was read when, and by whom."""

import hashlib
import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery import reading
from shared.delivery.reading import Reading, is_rewritten
from shared.flowlog import Unit, decode
from shared.storage.checkpoint import CutRule, Tail, digest_of
from tests.support.blob import Blob
from tests.support.logs import CLOSER, HEAD, ports_of, record


class Delivery:
    """Delivers a growing blob as the function app does, and dies where chance has it.

    Attributes:
        stored: What a gateway keeps, by what the key is made of.
        aside: What was set aside, by the same.
    """

    def __init__(self, chance: random.Random) -> None:
        self.stored: dict[object, list[str]] = {}
        self.aside: dict[object, list[bytes]] = {}
        self._chance = chance
        self._saved = None

    @property
    def ports(self) -> Counter[int]:
        return Counter(port for lines in self.stored.values() for port in ports_of(lines))

    def event(self, blob: Blob, *, settled: bool = False, deadly: bool = True) -> None:
        checkpoint = self._saved or blob.checkpoint()
        assert not is_rewritten(checkpoint, blob.snapshot, blob.fetch)
        for byte_range in Reading(checkpoint, blob.snapshot, blob.fetch, settled=settled):
            self._deliver(byte_range)
            checkpoint = replace(
                checkpoint,
                offset=byte_range.end,
                blocks=byte_range.blocks,
                digest=digest_of(blob.snapshot.blocks[: byte_range.blocks]),
                tail=None if byte_range.covered else Tail.of(byte_range.data),
            )
            if deadly and self._chance.random() < 0.3:
                self._saved = checkpoint
            if deadly and self._chance.random() < 0.2:
                return
        self._saved = checkpoint

    def replay(self, blob: Blob) -> None:
        for byte_range in Reading(blob.checkpoint(), blob.snapshot, blob.fetch, settled=True):
            self._deliver(byte_range)

    def _deliver(self, byte_range):
        decoded = decode(byte_range.data)
        key = byte_range.start, byte_range.end, hashlib.sha256(byte_range.data).hexdigest()
        if decoded.lines:
            assert self.stored.setdefault(key, decoded.lines) == decoded.lines
        if decoded.set_aside:
            self.aside[key] = [item.raw for item in decoded.set_aside]


@st.composite
def cut_logs(draw):
    """The data of a log, cut into blocks anywhere, and the ports in it."""
    counts = draw(st.lists(st.sampled_from([1, 1, 2, 30]), min_size=1, max_size=8))
    ports = iter(range(1, 1000))
    data = b",".join(record(*(next(ports) for _ in range(count))) for count in counts)
    cuts = draw(st.sets(st.integers(1, len(data) - 1), max_size=8))
    near = draw(st.integers(1, len(data) - 1))
    cuts |= {min(len(data) - 1, near + step) for step in draw(st.sets(st.integers(0, 30), max_size=4))}
    edges = [0, *sorted(cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)], sum(counts)


@given(
    cut_logs(),
    st.sampled_from([(1024 * 1024, 16 * 1024 * 1024), (100, 8000), (1000, 8000)]),
    st.randoms(),
    st.booleans(),
)
def test_records_that_blocks_cut_anywhere_are_delivered_once(log, sizes, chance, late):
    blocks, tuples = log
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "FETCH_BYTES", sizes[0])
        patch.setattr(reading, "LONGEST_RECORD", sizes[1])
        delivery = Delivery(chance)
        given_up = False
        committed = 0
        while committed < len(blocks):
            committed = min(len(blocks), committed + chance.randint(1, 3))
            blob = Blob([HEAD, *blocks[:committed], CLOSER])
            for _ in range(chance.randint(0, 3)):
                settled = late and chance.random() < 0.3
                given_up |= settled
                delivery.event(blob, settled=settled)
        delivery.event(blob, settled=True, deadly=False)
        if not given_up:
            assert delivery.ports == Counter(range(1, tuples + 1))
            assert delivery.aside == {}
        keys = set(delivery.stored)
        delivery.replay(blob)
        assert set(delivery.ports.values()) == {1}
        assert given_up or set(delivery.stored) == keys


WHOLE, CUT, NEXT = record(1, 2), b"," + record(3, 4), b"," + record(5)
HALVES = CUT[:150], CUT[150:]


def ranges(*blocks, closer=CLOSER, settled=False, cut=None):
    blob = Blob([HEAD, *blocks, closer] if closer else [HEAD, *blocks])
    checkpoint = blob.checkpoint() if cut is None else replace(blob.checkpoint(), cut=cut)
    read = Reading(checkpoint, blob.snapshot, blob.fetch, settled=settled)
    found = [byte_range for byte_range in read if byte_range.data]
    return (
        [byte_range.data for byte_range in found],
        [(byte_range.blocks, byte_range.covered) for byte_range in found],
        read.left,
    )


def test_a_cut_record_makes_a_segment_of_its_own_from_where_it_begins_to_where_the_next_one_does():
    data, blocks, left = ranges(WHOLE + HALVES[0], HALVES[1] + NEXT)
    assert data == [WHOLE, CUT, NEXT]
    assert blocks == [(2, True), (3, True), (3, True)]
    assert left == 0


def test_a_cut_record_waits_for_the_next_block_and_counts_as_left():
    data, blocks, left = ranges(WHOLE + HALVES[0])
    assert (data, blocks, left) == ([WHOLE], [(2, True)], len(HALVES[0]))


def test_a_cut_record_is_given_up_once_nothing_more_comes():
    data, blocks, left = ranges(WHOLE + HALVES[0], settled=True)
    assert (data, blocks, left) == ([WHOLE, HALVES[0]], [(2, True), (2, True)], 0)


def test_a_record_may_be_cut_over_many_blocks():
    parts = [CUT[place : place + 7] for place in range(0, len(CUT), 7)]
    data, _, left = ranges(WHOLE, *parts, NEXT)
    assert (data, left) == ([WHOLE, CUT, NEXT], 0)
    data, _, left = ranges(WHOLE, *parts[:-1])
    assert (data, left) == ([WHOLE], len(b"".join(parts[:-1])))


def test_where_a_start_is_cut_itself_the_record_is_whole_all_the_same():
    for length in range(1, 12):
        data, _, left = ranges(WHOLE + CUT[:length], CUT[length:] + NEXT)
        assert b"".join(data) == WHOLE + CUT + NEXT
        assert [port for each in data for port in ports_of(decode(each).lines)] == [1, 2, 3, 4, 5]
        assert left == 0


def test_the_rest_of_a_record_that_never_began_is_a_segment_of_its_own():
    data, _, _ = ranges(WHOLE, HALVES[1] + NEXT)
    assert data == [WHOLE, HALVES[1], NEXT]


def test_what_begins_after_a_cut_does_not_depend_on_whether_the_cut_record_was_given_up():
    joined, _, _ = ranges(WHOLE + HALVES[0], HALVES[1] + NEXT)
    alone, _, _ = ranges(WHOLE, HALVES[1] + NEXT)
    assert joined[-1] == alone[-1] == NEXT


def test_a_harmed_record_at_the_end_of_a_block_waits_no_longer_than_for_the_next_block():
    harmed = CUT[:-1]
    assert ranges(WHOLE + harmed)[0] == [WHOLE]
    assert ranges(WHOLE + harmed, NEXT)[0] == [WHOLE, harmed, NEXT]


def test_a_record_of_unknown_version_that_is_cut_is_set_aside_in_one_piece():
    unknown = CUT.replace(b'"Version":2', b'"Version":3')
    data, _, _ = ranges(WHOLE + unknown[:150], unknown[150:])
    (item,) = decode(data[1]).set_aside
    assert (item.unit, item.raw) == (Unit.RECORD, unknown[1:])


def test_a_harmed_record_that_is_cut_is_set_aside_in_one_piece():
    harmed = CUT.replace(b'"category":', b'"category";')
    data, _, _ = ranges(WHOLE + harmed[:150], harmed[150:] + NEXT)
    (item,) = decode(data[1]).set_aside
    assert item.raw == harmed[1:]


def test_a_record_without_end_takes_no_more_bytes_than_the_longest_record(monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_RECORD", 1000)
    data, _, left = ranges(WHOLE + HALVES[0], *([b"x" * 400] * 10), NEXT)
    assert b"".join(data) == WHOLE + HALVES[0] + b"x" * 4000 + NEXT
    assert max(map(len, data[1:])) <= 1400
    assert data[-1] == NEXT
    assert left == 0


def test_a_cut_record_continues_in_a_block_that_holds_the_closer_and_may_be_replaced():
    data, blocks, left = ranges(WHOLE + HALVES[0], HALVES[1] + NEXT + CLOSER, closer=b"")
    assert (data, blocks) == ([WHOLE, CUT, NEXT], [(2, True), (2, False), (2, False)])
    data, blocks, left = ranges(WHOLE + HALVES[0], HALVES[1] + CLOSER, closer=b"")
    assert (data, blocks, left) == ([WHOLE, CUT], [(2, True), (2, False)], 0)


def test_a_record_cut_by_the_closer_in_its_own_block_waits_for_what_replaces_the_block():
    data, _, left = ranges(WHOLE, NEXT + HALVES[0] + CLOSER, closer=b"")
    assert (data, left) == ([WHOLE, NEXT], len(HALVES[0]))


def test_under_the_first_cut_rule_each_block_is_a_segment_as_it_was():
    blocks = WHOLE + HALVES[0], HALVES[1] + NEXT
    data, marks, left = ranges(*blocks, cut=CutRule(1, 10))
    assert (data, marks, left) == (list(blocks), [(2, True), (3, True)], 0)


@pytest.mark.parametrize("fetch", [64, 300, 1000])
def test_large_blocks_end_and_begin_with_cut_records_too(monkeypatch, fetch):
    monkeypatch.setattr(reading, "FETCH_BYTES", fetch)
    large = WHOLE + b"".join(b"," + record(port) for port in range(10, 20))
    data, _, left = ranges(large + HALVES[0], HALVES[1] + large.replace(b"{", b",{", 1) + HALVES[0], HALVES[1])
    assert b"".join(data).count(b"flowTuples") == 24
    assert data.count(CUT) == 2
    assert all(decode(each).set_aside == [] for each in data)
    assert left == 0


def test_a_large_block_is_not_cut_inside_of_a_record_behind_a_harmed_one(monkeypatch):
    monkeypatch.setattr(reading, "FETCH_BYTES", 400)
    monkeypatch.setattr(reading, "LONGEST_RECORD", 3000)
    named = [record(port).replace(b"UserRule_a", b"}{") for port in range(1, 30)]
    for harmed in (3, 9):
        torn = [*named[:harmed], named[harmed].replace(b'"time"', b'"time', 1), *named[harmed + 1 :]]
        data, _, _ = ranges(b",".join(torn))
        ports = [port for each in data for port in ports_of(decode(each).lines)]
        assert ports == [port for port in range(1, 30) if port != harmed + 1]


def test_hostile_blocks_are_gone_through_in_proportion_to_their_number(monkeypatch):
    fed = []
    feed = reading.RecordScanner.feed
    monkeypatch.setattr(reading.RecordScanner, "feed", lambda self, data: fed.append(len(data)) or feed(self, data))
    for block in (b'{"time":[', b"x" * 300, b'{"', b'"},{"time":"', HALVES[0]):
        steps = []
        for count in (200, 400):
            fed.clear()
            ranges(WHOLE + HALVES[0], *([block] * count), settled=True)
            steps.append(sum(fed))
        assert steps[1] <= 2.2 * steps[0] + 10_000
