import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Unreadable
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, State
from shared.storage.entry import LONGEST, Entry, Summary, entry_in, properties_of, summary_in, text_in
from tests.support.logs import HOUR, log_blob

_LOG = log_blob()
_CHECKPOINT = Checkpoint(_LOG.name, Layout.BLOCKS, CutRule(1, 100), offset=70, etag='"0x1"')
_ENTRY = Entry(_CHECKPOINT, HOUR, pointer="P")
_MOST_UNITS_OF_A_PROPERTY = 32 * 1024
_MOST_UNITS_OF_AN_ENTITY = 512 * 1024


def _properties(entry: Entry = _ENTRY) -> dict[str, object]:
    return properties_of(entry, entry.checkpoint.to_json().decode())


def _read(properties: dict[str, object], etag: str = "E") -> Entry:
    return entry_in(_LOG, properties, text_in(properties), etag)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(
    st.builds(
        Entry,
        checkpoint=st.builds(
            replace, st.just(_CHECKPOINT), offset=st.integers(0, 2**60), state=st.sampled_from(State), etag=st.text()
        ),
        moved=st.datetimes(timezones=st.just(UTC)),
        holder=st.text("0123456789abcdef", min_size=1),
        until=st.floats(0, 2e9),
        marked=st.booleans(),
        pointer=st.text(),
        etag=st.just("E"),
    )
)
def test_an_entry_comes_back_as_it_was_written(entry):
    assert _read(_properties(entry)) == entry


def test_an_entry_that_nobody_holds_has_no_trace_of_a_claim():
    assert not {"holder", "until", "marked", "overflow"} & set(_properties())
    assert (_read(_properties()).holder, _read(_properties()).until, _read(_properties()).marked) == ("", 0.0, False)


def test_a_text_in_a_blob_leaves_none_in_the_entity():
    properties = _properties(replace(_ENTRY, overflow="a/b.json"))
    assert properties["overflow"] == "a/b.json"
    assert not [name for name in properties if name.startswith("text")]


@given(st.integers(0, LONGEST), st.sampled_from("aä界😀"))
def test_a_text_is_split_into_properties_that_hold_it_and_put_together_again(length, character):
    text = character * length
    properties = properties_of(_ENTRY, text)
    assert text_in(properties) == text
    parts = [value for name, value in properties.items() if name.startswith("text")]
    assert len(parts) == math.ceil(length / 31_000)


def test_no_property_and_no_entity_outgrows_its_limit_though_every_character_of_a_name_counts_double():
    log = replace(_LOG, name="😀" * 1024)
    text = replace(_CHECKPOINT, blob=log.name).to_json().decode()
    properties = properties_of(replace(_ENTRY, checkpoint=replace(_CHECKPOINT, blob=log.name)), text.ljust(LONGEST))
    strings = {name: value for name, value in properties.items() if isinstance(value, str)}
    assert max(map(_units, strings.values())) <= _MOST_UNITS_OF_A_PROPERTY
    assert sum(_units(name) + _units(value) for name, value in strings.items()) < _MOST_UNITS_OF_AN_ENTITY - 8 * 1024


def test_parts_are_in_their_order_however_many_there_are():
    properties = properties_of(_ENTRY, "".join(chr(ord("a") + part) * 31_000 for part in range(14)))
    shuffled = dict(sorted(properties.items()))
    assert list(shuffled)[-14:-10] == ["text0", "text1", "text10", "text11"]
    assert text_in(shuffled) == "".join(chr(ord("a") + part) * 31_000 for part in range(14))


def test_a_newer_format_is_refused_by_name():
    text = orjson.dumps(orjson.loads(_CHECKPOINT.to_json()) | {"format": 2}).decode()
    with pytest.raises(Unreadable, match="format 2; this version knows 1"):
        _read(properties_of(_ENTRY, text))


@pytest.mark.parametrize(
    "damage",
    [
        {"text0": "{"},
        {"text0": ""},
        {"text0": 7},
        {"text0": None},
        {"moved": "yesterday"},
        {"moved": "2026-11-23T15:00:00"},
        {"moved": 7},
        {"until": "soon"},
    ],
)
def test_a_damaged_entity_is_refused(damage):
    with pytest.raises(Unreadable, match="can't be read"):
        _read(_properties() | damage)


@pytest.mark.parametrize("missing", ["text0", "moved", "pointer"])
def test_an_entity_that_lacks_what_every_one_has_is_refused(missing):
    properties = _properties()
    del properties[missing]
    with pytest.raises(Unreadable, match="can't be read"):
        _read(properties)


def test_a_checkpoint_of_another_blob_is_refused():
    another = log_blob(HOUR + timedelta(hours=1))
    with pytest.raises(Unreadable, match="is about another blob"):
        entry_in(another, _properties(), text_in(_properties()), "E")


@pytest.mark.parametrize("state", State)
def test_a_summary_says_what_a_sweep_compares(state):
    entry = replace(
        _ENTRY, checkpoint=replace(_CHECKPOINT, state=state), moved=datetime(2026, 11, 23, 15, 7, tzinfo=UTC)
    )
    assert summary_in(_properties(entry), "E") == Summary(_LOG.name, '"0x1"', 70, state, entry.moved, "", "E")


@pytest.mark.parametrize("missing", [{}, {"overflow": None}])
def test_a_property_that_an_entity_does_not_have_is_missing_in_a_listing_or_null(missing):
    summary = summary_in(_properties() | missing, "E")
    assert summary is not None
    assert summary.overflow == ""


@pytest.mark.parametrize(
    "damage", [{"format": 2}, {"state": "resting"}, {"offset": "many"}, {"moved": "yesterday"}, {"moved": None}]
)
def test_of_what_can_not_be_read_there_is_no_summary(damage):
    assert summary_in(_properties() | damage, "E") is None
