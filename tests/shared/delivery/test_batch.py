import gzip
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.batch import Batch, Origin, batches_of, following
from shared.storage.checkpoint import CutRule
from tests.support.logs import HOUR, log_blob

ORIGIN = Origin("account", log_blob(), 0, 12, 400, "c0ffee", CutRule(1, 10))


def test_a_key_is_the_same_for_the_same_batch_and_is_a_sha_256():
    assert ORIGIN.key((0,)) == replace(ORIGIN).key((0,))
    assert len(bytes.fromhex(ORIGIN.key((0,)))) == 32


@pytest.mark.parametrize(
    "other",
    [
        replace(ORIGIN, account="other"),
        replace(ORIGIN, log=log_blob(HOUR.replace(hour=14))),
        replace(ORIGIN, generation=1),
        replace(ORIGIN, start=13),
        replace(ORIGIN, end=401),
        replace(ORIGIN, content="decaf"),
        replace(ORIGIN, cut=CutRule(2, 10)),
        replace(ORIGIN, cut=CutRule(1, 11)),
        replace(ORIGIN, again="once-more"),
    ],
)
def test_whatever_makes_a_batch_another_one_makes_its_key_another_one(other):
    assert other.key((0,)) != ORIGIN.key((0,))


def test_parts_and_the_range_itself_have_keys_of_their_own():
    paths = [(), (0,), (1,), (0, 1), (0, 1, 0), (1, 0)]
    assert len({ORIGIN.key(path) for path in paths}) == len(paths)


def test_a_body_is_gzipped_ndjson():
    assert gzip.decompress(Batch((0,), ["{}", '{"é":1}']).body()) == '{}\n{"é":1}\n'.encode()


def test_a_long_body_holds_every_line_once_and_in_order():
    lines = [f'{{"line":{number}}}' for number in range(2500)]
    assert gzip.decompress(Batch((0,), lines).body()).decode().splitlines() == lines


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), min_size=1), st.booleans())
def test_a_packed_batch_is_the_batch_again(lines, halved):
    batch = Batch((3, 1) if halved else (3,), lines)
    packed = batch.packed()
    assert (packed.path, packed.lines, packed.body) == (batch.path, len(lines), batch.body())
    assert packed.unpacked() == batch


def test_a_body_holds_no_time_so_that_it_is_the_same_whenever_it_is_made():
    assert Batch((0,), ["{}"]).body()[4:8] == bytes(4)  # MTIME (RFC 1952)


@given(lines=st.integers(0, 100), size=st.integers(1, 20))
def test_parts_hold_every_line_once_in_order_and_no_more_than_the_rule_allows(lines, size):
    texts = [str(number) for number in range(lines)]
    batches = list(batches_of(texts, CutRule(1, size), lambda _path: False))
    assert [line for batch in batches for line in batch.lines] == texts
    assert [batch.path for batch in batches] == [(number,) for number in range(len(batches))]
    assert all(1 <= len(batch.lines) <= size for batch in batches)


@given(lines=st.integers(1, 60), size=st.integers(1, 20), halvings=st.lists(st.integers(0, 80), max_size=8))
def test_batches_that_were_halved_come_as_their_halves_with_paths_in_order(lines, size, halvings):
    texts = [str(number) for number in range(lines)]
    batches, halved = list(batches_of(texts, CutRule(1, size), lambda _path: False)), set()
    for at in halvings:
        batch = batches[at % len(batches)]
        if len(batch.lines) > 1:
            batches[at % len(batches) : at % len(batches) + 1] = batch.halves()
            halved.add(batch.path)
    assert list(batches_of(texts, CutRule(1, size), halved.__contains__)) == batches
    assert [line for batch in batches for line in batch.lines] == texts
    assert sorted(batch.path for batch in batches) == [batch.path for batch in batches]
    for batch, later in pairwise(batches):
        assert batch.path < following(batch.path) <= later.path


def test_the_first_half_is_never_the_smaller_one():
    left, right = Batch((3,), ["a", "b", "c"]).halves()
    assert (left.path, left.lines) == ((3, 0), ["a", "b"])
    assert (right.path, right.lines) == ((3, 1), ["c"])
