import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Unreadable
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, State, Tail, digest_of
from shared.storage.logs import Block

COUNT = st.integers(0, 2**60)
CHECKPOINTS = st.builds(
    Checkpoint,
    blob=st.text(max_size=30),
    layout=st.sampled_from(Layout),
    cut=st.builds(CutRule, COUNT, st.integers(1, 2**60)),
    generation=COUNT,
    offset=COUNT,
    batch=st.lists(COUNT, max_size=4).map(tuple),
    begun=st.text(max_size=64),
    blocks=COUNT,
    digest=st.text(max_size=64),
    tail=st.none() | st.binary(max_size=100).map(Tail.of),
    etag=st.text(max_size=20),
    state=st.sampled_from(State),
    halved=st.lists(st.tuples(COUNT, st.lists(COUNT, max_size=3).map(tuple)), max_size=3).map(tuple),
    loose=st.booleans(),
)


@given(CHECKPOINTS)
def test_a_checkpoint_comes_back_as_it_was_written(checkpoint):
    assert Checkpoint.from_json(checkpoint.to_json()) == checkpoint


def test_a_newer_format_is_refused_by_name():
    newer = orjson.dumps(orjson.loads(Checkpoint("b", Layout.BLOCKS, CutRule(1, 2)).to_json()) | {"format": 2})
    with pytest.raises(Unreadable, match="format 2; this version knows 1"):
        Checkpoint.from_json(newer)


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b"null", b'{"format": 1}', b'{"format": 1, "tail": 7}'])
def test_a_damaged_checkpoint_is_refused(damaged):
    with pytest.raises(Unreadable, match="can't be read"):
        Checkpoint.from_json(damaged)


@pytest.mark.parametrize(
    "damage",
    [
        {"offset": "12"},
        {"offset": -5},
        {"offset": None},
        {"part": ["a"]},
        {"part": "ab"},
        {"blocks": True},
        {"generation": 1.5},
        {"cut": {"version": 1, "max_records": 0}},
        {"halved": [[0, "ab"]]},
        {"tail": {"length": 1, "sha256": 7}},
        {"digest": None},
        {"state": "half"},
    ],
)
def test_a_checkpoint_with_a_value_of_another_kind_is_refused(damage):
    whole = orjson.loads(Checkpoint("b", Layout.BLOCKS, CutRule(1, 2)).to_json())
    with pytest.raises(Unreadable, match="can't be read"):
        Checkpoint.from_json(orjson.dumps(whole | damage))


def test_a_rewritten_blob_is_read_from_its_start_under_a_new_generation_and_the_old_cut_rule():
    old = Checkpoint(
        "b",
        Layout.BLOCKS,
        CutRule(1, 7),
        generation=2,
        offset=99,
        batch=(1,),
        begun="b",
        blocks=3,
        digest="d",
        etag="e",
        halved=((0, (0,)),),
    )
    assert old.rewritten(Layout.BYTES) == Checkpoint("b", Layout.BYTES, CutRule(1, 7), generation=3)


@given(st.lists(st.tuples(st.text(max_size=4), st.integers(0, 9)), max_size=4))
def test_a_digest_tells_lists_of_blocks_apart_by_id_size_and_order(pairs):
    blocks = [Block(name, size) for name, size in pairs]
    assert digest_of(blocks) == digest_of(list(blocks))
    assert digest_of([*blocks, Block("x", 1)]) != digest_of(blocks)
    if blocks[::-1] != blocks:
        assert digest_of(blocks[::-1]) != digest_of(blocks)
