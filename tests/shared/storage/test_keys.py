from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.flowlog import LogBlob, LogKind
from shared.storage.keys import Key, KeyRange, Keys
from tests.support.logs import HOUR, log_blob

_KEYS = Keys("checkpoints", "logs")
_HOURS = st.integers(0, 9 * 366 * 24).map(lambda hours: HOUR + timedelta(hours=hours))
_NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


def _of(name: str, hour: datetime = HOUR, kind: LogKind = LogKind.NSG) -> Key:
    return _KEYS.of(LogBlob(kind, name, "resource", hour, None))


@given(_NAMES)
def test_a_key_is_valid_whatever_the_blob_s_name_has(name):
    key = _of(name)
    for text in (key.partition, key.row):
        assert text.isascii()
        assert not set(text) & set("/\\#?%'\"+ \t\n")
        assert len(text) < 512


@given(st.lists(_NAMES, unique=True, min_size=2, max_size=9))
def test_no_two_blobs_share_a_key(names):
    assert len(set(map(_of, names))) == len(names)


def test_a_blob_has_one_key_in_every_process():
    assert _KEYS.of(log_blob()) == Key(
        "checkpoints-logs-nsg-2026112315-9", "9ef674f130c5c068ce6b541138dabfd733db501e5c256d4a427b425720826a92"
    )


@given(_HOURS, _HOURS, _HOURS)
def test_a_range_has_the_hours_from_its_start_up_to_its_end(hour, start, end):
    assert (_of("a", hour).partition in _KEYS.between(LogKind.NSG, start, end)) == (start <= hour < end)
    assert (_of("a", hour).partition in _KEYS.before(LogKind.NSG, end)) == (hour < end)


@pytest.mark.parametrize("day", ["2026-11-23", "2026-11-30", "2026-12-31"])
def test_hours_follow_each_other_across_days_months_and_years(day):
    first = datetime.fromisoformat(f"{day}T23:00Z")
    second = first + timedelta(hours=1)
    assert _of("a", first).partition < _of("a", second).partition
    both = _KEYS.between(LogKind.NSG, first, second + timedelta(hours=1))
    assert [_of("a", hour).partition in both for hour in (first, second)] == [True, True]


@pytest.mark.parametrize("digit", "0123456789abcdef")
def test_an_hour_s_range_has_all_its_partitions(digit):
    hour = _KEYS.between(LogKind.NSG, HOUR, HOUR + timedelta(hours=1))
    assert f"checkpoints-logs-nsg-2026112315-{digit}" in hour


def test_an_hour_has_sixteen_partitions_and_no_more():
    assert len({_of(f"blob {number}").partition for number in range(500)}) == 16


@pytest.mark.parametrize(
    "others",
    [
        Keys("checkpoints", "logs1"),
        Keys("checkpoints", "log"),
        Keys("checkpoints", "0logs"),
        Keys("pointers", "logs"),
        Keys("watermarks", "logs"),
    ],
)
def test_what_begins_like_an_account_or_a_kind_of_entity_is_apart_from_it(others):
    for log in (log_blob(), log_blob(HOUR - timedelta(days=400))):
        assert others.of(log).partition not in _KEYS.before(LogKind.NSG, HOUR + timedelta(days=1))
        assert others.of(log).partition not in _KEYS.between(LogKind.NSG, HOUR - timedelta(days=999), HOUR)
        assert _KEYS.of(log).partition not in others.before(LogKind.NSG, HOUR + timedelta(days=1))


def test_the_kinds_of_logs_are_apart():
    later = HOUR + timedelta(hours=1)
    assert _of("a", kind=LogKind.VNET).partition not in _KEYS.before(LogKind.NSG, later)
    assert _of("a", kind=LogKind.NSG).partition not in _KEYS.before(LogKind.VNET, later)


def test_a_query_asks_for_what_the_range_has():
    assert KeyRange("a-1-", "a-2-").filter == "PartitionKey ge 'a-1-' and PartitionKey lt 'a-2-'"
