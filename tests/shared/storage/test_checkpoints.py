import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from azure.data.tables import UpdateMode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dev.azurite import StorageAccount
from dev.chaos.storage_control import StorageControl
from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble
from shared.errors import Outdated, StorageAway, Unreadable
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, State, Tail
from shared.storage.checkpoints import CONTAINER, Checkpoints
from shared.storage.entry import LONGEST, Entry, Summary
from shared.storage.keys import Keys
from shared.storage.pointers import Pointers
from shared.storage.storage_clock import StorageClock
from tests.examples import examples
from tests.support.account import reached, table_of
from tests.support.logs import HOUR, log_blob
from tests.support.time import StillClock

_LATER = HOUR + timedelta(days=1)
_LONG_AGO = HOUR - timedelta(days=999)
_LOG = log_blob()
_PARTS = tuple((offset * 1_000_000, (1, 2, offset)) for offset in range(3_000))
_HALVED = tuple((offset * 1_000_000, (1, 2, 3, offset)) for offset in range(30_000))
"""Of a gateway that takes next to nothing: more than a property holds, and more than an entity."""


class Place:
    """A table and its container, and what asks them for checkpoints."""

    def __init__(self, account: StorageAccount) -> None:
        self.account = account
        self.table = table_of(account, StillClock())
        self.service = reached(account)
        self.container = self.service.get_container_client(CONTAINER)
        self.checkpoints = self.of("logs")

    def made(self) -> "Place":
        self.table.create_table()
        self.container.create_container()
        return self

    def of(self, log_account: str) -> Checkpoints:
        return Checkpoints(self.table, self.service, log_account)

    def through(self, control: StorageControl, operation: Operation, fault: StorageFault) -> Checkpoints:
        """Return what asks through a proxy that answers one request wrongly."""
        control.plan([self.account], [StorageTrouble(operation, 1, fault)])
        before = control.before(self.account)
        return Checkpoints(table_of(before, StillClock()), reached(before), "logs")

    def entity(self, log: LogBlob = _LOG) -> Any:
        key = Keys("checkpoints", "logs").of(log)
        return self.table.get_entity(key.partition, key.row)

    def blobs(self) -> list[str]:
        return list(self.container.list_blob_names())


@pytest.fixture
def place(account: StorageAccount) -> Place:
    return Place(account).made()


@pytest.fixture
def checkpoints(place: Place) -> Checkpoints:
    return place.checkpoints


def _first(log: LogBlob = _LOG, **said: object) -> Entry:
    return Entry(replace(Checkpoint(log.name, Layout.BLOCKS, CutRule(1, 100)), **said), HOUR, pointer="P")


def _said(entry: Entry, **said: object) -> Entry:
    return replace(entry, checkpoint=replace(entry.checkpoint, **said))


def _vnet(hour: datetime = HOUR) -> LogBlob:
    name = f"flowLogResourceID=/S_RG/NW_LOG/y={hour:%Y}/m={hour:%m}/d={hour:%d}/h={hour:%H}/m=00/PT1H.json"
    log = parse_blob_name(LogKind.VNET.container, name)
    assert log is not None
    return log


def _names(found: Iterator[Summary]) -> list[str]:
    return [summary.blob for summary in found]


def _overflows(checkpoints: Checkpoints, end: datetime, written_before: datetime | None = None) -> None:
    checkpoints.remove_overflows(LogKind.NSG, end, written_before or datetime.now(UTC) + timedelta(hours=1))


def test_a_log_that_was_never_looked_at_has_no_checkpoint(checkpoints: Checkpoints):
    assert checkpoints.read(_LOG) is None


def test_an_account_without_the_table_is_away_and_not_empty(account: StorageAccount):
    checkpoints = Place(account).checkpoints
    for ask in (*_requests_to_the_table(checkpoints), lambda: _overflows(checkpoints, _LATER)):
        with pytest.raises(StorageAway, match="TableNotFound"):
            ask()


def test_what_is_written_is_read_under_the_etag_that_the_write_gave(checkpoints: Checkpoints):
    inserted = checkpoints.insert(_LOG, _first())
    assert checkpoints.read(_LOG) == inserted
    said = {"offset": 70, "batch": (3, 1), "blocks": 2, "digest": "ab", "tail": Tail(2, "cd"), "etag": '"0x1"'}
    claimed = replace(_said(inserted, **said), holder="me", until=1_795_447_800.25, moved=HOUR.replace(microsecond=7))
    replaced = checkpoints.replace(_LOG, claimed, inserted)
    assert checkpoints.read(_LOG) == replaced == replace(claimed, etag=replaced.etag)
    marked = checkpoints.mark(_LOG, replaced)
    assert checkpoints.read(_LOG) == marked == replace(replaced, marked=True, etag=marked.etag)
    assert len({inserted.etag, replaced.etag, marked.etag}) == 3
    (summary,) = checkpoints.listed(LogKind.NSG, HOUR, _LATER)
    assert summary == Summary(_LOG.name, '"0x1"', 70, State.OPEN, claimed.moved, "", marked.etag)


def test_an_insert_is_refused_when_there_is_one(checkpoints: Checkpoints):
    inserted = checkpoints.insert(_LOG, _first())
    with pytest.raises(Outdated):
        checkpoints.insert(_LOG, _first(offset=7))
    assert checkpoints.read(_LOG) == inserted


def test_an_insert_is_refused_in_the_real_service_s_form_which_names_the_code_in_the_body_alone(
    place: Place, wrong_storage: StorageControl
):
    checkpoints = place.through(wrong_storage, Operation.CHECKPOINT_INSERT, StorageFault.ENTITY_409)
    with pytest.raises(Outdated):
        checkpoints.insert(_LOG, _first())


def test_writes_under_a_version_that_is_not_the_latest_are_refused(checkpoints: Checkpoints):
    old = checkpoints.insert(_LOG, _first())
    new = checkpoints.replace(_LOG, _said(old, offset=7), old)
    with pytest.raises(Outdated):
        checkpoints.replace(_LOG, _said(old, offset=9), old)
    with pytest.raises(Outdated):
        checkpoints.mark(_LOG, old)
    assert checkpoints.read(_LOG) == new


def test_a_version_that_was_listed_and_is_not_the_latest_stays(checkpoints: Checkpoints):
    old = checkpoints.insert(_LOG, _first())
    (listed,) = checkpoints.listed(LogKind.NSG, HOUR, _LATER)
    new = checkpoints.replace(_LOG, replace(old, holder="me", until=1.0), old)
    checkpoints.delete(_LOG, listed)
    assert checkpoints.read(_LOG) == new


def test_a_version_that_was_listed_goes_and_going_twice_is_no_trouble(checkpoints: Checkpoints):
    checkpoints.insert(_LOG, _first())
    (listed,) = checkpoints.listed(LogKind.NSG, HOUR, _LATER)
    for _ in range(2):
        checkpoints.delete(_LOG, listed)
    assert checkpoints.read(_LOG) is None


def test_a_write_that_meets_no_entity_makes_none(checkpoints: Checkpoints):
    known = checkpoints.insert(_LOG, _first())
    (listed,) = checkpoints.listed(LogKind.NSG, HOUR, _LATER)
    checkpoints.delete(_LOG, listed)
    with pytest.raises(Outdated):
        checkpoints.replace(_LOG, _said(known, offset=7), known)
    with pytest.raises(Outdated):
        checkpoints.mark(_LOG, known)
    assert checkpoints.read(_LOG) is None
    assert list(checkpoints.listed(LogKind.NSG, HOUR, _LATER)) == []


def test_a_replaced_version_leaves_nothing_behind(place: Place):
    first = place.checkpoints.insert(_LOG, replace(_first(halved=_PARTS), holder="me", until=60.0))
    marked = place.checkpoints.mark(_LOG, first)
    assert {"holder", "until", "marked", "text0", "text1"} <= set(place.entity())
    place.checkpoints.replace(_LOG, _first(), marked)
    assert set(place.entity()) == {
        "PartitionKey",
        "RowKey",
        "blob",
        "commit",
        "offset",
        "state",
        "format",
        "moved",
        "pointer",
        "text0",
    }


def test_a_mark_keeps_everything_else(place: Place):
    held = place.checkpoints.insert(_LOG, replace(_first(halved=_PARTS, offset=9), holder="me", until=60.5))
    before = place.entity()
    place.checkpoints.mark(_LOG, held)
    assert place.entity() == before | {"marked": True}


@pytest.mark.parametrize("parts", [_PARTS, _HALVED], ids=["more than a property holds", "more than an entity holds"])
def test_a_checkpoint_that_outgrows_its_place_comes_back_as_it_was_written(place: Place, parts: tuple[Any, ...]):
    entry = _first(halved=parts)
    assert (len(entry.checkpoint.to_json()) > LONGEST) == (parts is _HALVED)
    inserted = place.checkpoints.insert(_LOG, entry)
    assert place.checkpoints.read(_LOG) == inserted
    assert inserted.checkpoint.halved == parts
    assert len(place.blobs()) == (parts is _HALVED)


def test_the_longest_text_that_an_entity_is_to_hold_fits(place: Place):
    room = LONGEST - len(_first().checkpoint.to_json())
    for more, blobs in ((0, 0), (1, 1)):
        log = log_blob(HOUR + timedelta(hours=more))
        entry = _first(log, digest="é" * (room + more))
        assert len(entry.checkpoint.to_json().decode()) == LONGEST + more
        place.checkpoints.insert(log, entry)
        found = place.checkpoints.read(log)
        assert found is not None
        assert found.checkpoint == entry.checkpoint
        assert len(place.blobs()) == blobs


def test_a_text_in_a_blob_has_a_new_name_at_each_change_and_the_old_one_goes_after_the_next_write(place: Place):
    entry = place.checkpoints.insert(_LOG, _first(halved=_HALVED))
    names = [entry.overflow]
    for offset in (7, 9):
        entry = place.checkpoints.replace(_LOG, _said(entry, offset=offset), entry)
        names.append(entry.overflow)
        assert place.blobs() == [entry.overflow]
    assert len(set(names)) == 3
    entry = place.checkpoints.replace(_LOG, _said(entry, halved=()), entry)
    assert (entry.overflow, place.blobs()) == ("", [])


def test_a_text_in_a_blob_stays_where_the_checkpoint_is_the_same(place: Place):
    first = place.checkpoints.insert(_LOG, _first(halved=_HALVED))
    prolonged = place.checkpoints.replace(_LOG, replace(first, holder="me", until=60.0), first)
    marked = place.checkpoints.mark(_LOG, prolonged)
    given_up = place.checkpoints.replace(_LOG, replace(marked, holder="", until=0.0, marked=False), marked)
    assert place.blobs() == [first.overflow] == [given_up.overflow]
    assert place.checkpoints.read(_LOG) == given_up


def test_the_blob_of_a_write_that_was_refused_is_not_the_entity_s(place: Place):
    old = place.checkpoints.insert(_LOG, _first(halved=_HALVED))
    new = place.checkpoints.replace(_LOG, _said(old, offset=7), old)
    with pytest.raises(Outdated):
        place.checkpoints.replace(_LOG, _said(old, offset=9), old)
    assert place.checkpoints.read(_LOG) == new


def test_a_deleted_checkpoint_takes_its_blob_along(place: Place):
    place.checkpoints.insert(_LOG, _first(halved=_HALVED, state=State.CLOSED))
    (listed,) = place.checkpoints.listed_before(LogKind.NSG, _LATER)
    place.checkpoints.delete(_LOG, listed)
    assert place.blobs() == []


def test_a_reader_whose_blob_is_gone_reads_the_entity_again(place: Place, monkeypatch: pytest.MonkeyPatch):
    old = place.checkpoints.insert(_LOG, _first(halved=_HALVED))
    read, news = Checkpoints._overflow, list[Entry]()

    def after_another_wrote(checkpoints: Checkpoints, name: str) -> bytes:
        if not news:
            news.append(place.of("logs").replace(_LOG, _said(old, offset=7), old))
        return read(checkpoints, name)

    monkeypatch.setattr(Checkpoints, "_overflow", after_another_wrote)
    assert place.checkpoints.read(_LOG) == news[0]
    assert news[0].checkpoint.offset == 7


def test_an_entity_whose_blob_stays_away_is_not_taken_for_a_new_log(place: Place):
    entry = place.checkpoints.insert(_LOG, _first(halved=_HALVED))
    place.container.delete_blob(entry.overflow)
    with pytest.raises(StorageAway, match=f"checkpoint of {_LOG.name} changes faster"):
        place.checkpoints.read(_LOG)


def test_blobs_that_died_workers_left_are_removed_once_they_are_old(place: Place):
    hours = [HOUR - timedelta(hours=1), HOUR, HOUR + timedelta(hours=1)]
    entries = [place.checkpoints.insert(log, _first(log, halved=_HALVED)) for log in map(log_blob, hours)]
    for log, entry in zip(map(log_blob, hours), entries, strict=True):
        with pytest.raises(Outdated):
            place.checkpoints.insert(log, replace(entry, checkpoint=replace(entry.checkpoint, offset=9)))
    named = {entry.overflow for entry in entries}
    left = sorted(set(place.blobs()) - named)
    assert len(left) == 3
    _overflows(place.checkpoints, HOUR + timedelta(hours=1), written_before=datetime.now(UTC) - timedelta(hours=1))
    assert set(place.blobs()) == named | set(left)  # just written: their entities may be about to be
    _overflows(place.checkpoints, HOUR + timedelta(hours=1))
    assert set(place.blobs()) == named | {left[2]}
    assert [place.checkpoints.read(log) for log in map(log_blob, hours)] == entries


def test_the_blob_of_an_entity_that_this_version_can_not_read_stays(place: Place):
    entry = place.checkpoints.insert(_LOG, _first(halved=_HALVED))
    place.table.update_entity(place.entity() | {"state": "resting"}, mode=UpdateMode.REPLACE)
    _overflows(place.checkpoints, _LATER)
    assert place.blobs() == [entry.overflow]


def test_blobs_of_other_kinds_and_accounts_stay(place: Place):
    place.checkpoints.insert(_vnet(), _first(_vnet(), halved=_HALVED))
    with pytest.raises(Outdated):
        place.checkpoints.insert(_vnet(), _first(_vnet(), halved=_HALVED))
    for account in ("logs1", "log"):
        place.of(account).insert(_LOG, _first(halved=_HALVED))
    before = place.blobs()
    _overflows(place.checkpoints, _LATER)
    assert place.blobs() == before
    assert len(before) == 4


@pytest.mark.parametrize("content", ['{"format":2}', "{", ""])
def test_a_checkpoint_that_can_not_be_read_is_refused_and_left_as_it_is(place: Place, content: str):
    place.checkpoints.insert(_LOG, _first())
    place.table.update_entity(place.entity() | {"text0": content}, mode=UpdateMode.REPLACE)
    with pytest.raises(Unreadable):
        place.checkpoints.read(_LOG)
    with pytest.raises(Outdated):
        place.checkpoints.insert(_LOG, _first())
    assert place.entity()["text0"] == content


def test_a_newer_format_in_a_blob_is_refused_and_left_as_it_is(place: Place):
    entry = place.checkpoints.insert(_LOG, _first(halved=_HALVED))
    newer = orjson.dumps(orjson.loads(entry.checkpoint.to_json()) | {"format": 2})
    place.container.upload_blob(entry.overflow, newer, overwrite=True)
    with pytest.raises(Unreadable, match="format 2"):
        place.checkpoints.read(_LOG)
    assert place.container.download_blob(entry.overflow).readall() == newer


def test_a_checkpoint_of_a_newer_format_holds_up_no_listing(place: Place):
    older, newer = log_blob(), log_blob(mac="0" * 12)
    for log in (older, newer):
        place.checkpoints.insert(log, _first(log))
    changed = place.entity(newer) | {"state": "resting", "text0": '{"format":2}'}
    place.table.update_entity(changed, mode=UpdateMode.REPLACE)
    assert _names(place.checkpoints.listed(LogKind.NSG, HOUR, _LATER)) == [older.name]
    assert _names(place.checkpoints.listed_before(LogKind.NSG, _LATER)) == [older.name]


def test_hours_are_listed_as_ranges_also_across_days_and_months(checkpoints: Checkpoints):
    hours = [datetime(2026, 11, 30, 22, tzinfo=UTC) + timedelta(hours=number) for number in range(4)]
    logs = [log_blob(hour, mac) for hour in hours for mac in ("0" * 12, "1" * 12)]
    for log in reversed(logs):
        checkpoints.insert(log, _first(log))
    for first in range(5):
        for last in range(first, 5):
            end = hours[0] + timedelta(hours=last)
            names = _names(checkpoints.listed(LogKind.NSG, hours[0] + timedelta(hours=first), end))
            assert sorted(names) == sorted(log.name for log in logs[2 * first : 2 * last])
            assert [name.split("/m=00/")[0] for name in names] == sorted(name.split("/m=00/")[0] for name in names)
    assert sorted(_names(checkpoints.listed_before(LogKind.NSG, hours[2]))) == sorted(log.name for log in logs[:4])


def test_a_checkpoint_is_found_by_its_blob_and_deleted_by_its_keys_as_the_documentation_says(place: Place):
    for log in (_LOG, log_blob(mac="0" * 12)):
        place.checkpoints.insert(log, _first(log))
        Pointers(place.table, place.account.name, "logs", StorageClock(StillClock())).write(log)
    documented = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    (condition,) = re.findall(r'az storage entity query .* --filter "([^"]*)"', documented)
    (found,) = place.table.query_entities(condition.replace("NAME", _LOG.name))
    assert found["blob"] == _LOG.name
    place.table.delete_entity(found["PartitionKey"], found["RowKey"])
    assert place.checkpoints.read(_LOG) is None
    assert len(list(place.table.list_entities())) == 3


def test_kinds_and_accounts_of_logs_are_apart_also_where_one_name_begins_with_another(place: Place):
    others = [place.of(name) for name in ("others", "logs1", "log")]
    place.checkpoints.insert(_vnet(), _first(_vnet()))
    for number, each in enumerate((place.checkpoints, *others)):
        each.insert(_LOG, _first(generation=number))
    for number, each in enumerate((place.checkpoints, *others)):
        assert _names(each.listed(LogKind.NSG, _LONG_AGO, _LATER)) == [_LOG.name]
        assert _names(each.listed_before(LogKind.NSG, _LATER)) == [_LOG.name]
        found = each.read(_LOG)
        assert found is not None
        assert found.checkpoint.generation == number
        assert _names(each.listed_before(LogKind.VNET, _LATER)) == [_vnet().name] * (number == 0)
    assert others[0].read(_vnet()) is None


def test_more_checkpoints_than_a_page_has_are_listed_once_each(checkpoints: Checkpoints):
    logs = [log_blob(HOUR, f"{number:012X}") for number in range(1_001)]
    for log in logs:
        checkpoints.insert(log, _first(log))
    assert sorted(_names(checkpoints.listed(LogKind.NSG, HOUR, _LATER))) == sorted(log.name for log in logs)


def test_a_list_of_entities_that_were_not_asked_for_is_not_believed(place: Place, wrong_storage: StorageControl):
    place.checkpoints.insert(_LOG, _first())
    for ask in (
        lambda at: list(at.listed(LogKind.NSG, HOUR, _LATER)),
        lambda at: list(at.listed_before(LogKind.NSG, _LATER)),
        lambda at: _overflows(at, _LATER),
    ):
        with pytest.raises(StorageAway, match="can't be read"):
            ask(place.through(wrong_storage, Operation.CHECKPOINT_QUERY, StorageFault.OTHER_LIST))


_RESOURCES = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40
) | st.sampled_from(["/\\#?%", "'\"`", "a'b''c", "%2F%27", "é界😀", " ", "a&b=c;d", "{}[]"])


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_RESOURCES)
def test_names_with_odd_characters_come_back_as_they_were(checkpoints: Checkpoints, resource: str):
    log = LogBlob(
        LogKind.NSG, f"resourceId=/{resource}/y=2020/PT1H.json", resource, datetime(2020, 1, 1, tzinfo=UTC), None
    )
    inserted = checkpoints.insert(log, _first(log))
    assert checkpoints.read(log) == inserted
    (summary,) = checkpoints.listed_before(LogKind.NSG, HOUR)
    assert summary.blob == log.name
    checkpoints.delete(log, summary)
    assert checkpoints.read(log) is None


def test_storage_that_refuses_the_key_is_reported(new_account: Callable[[], StorageAccount]):
    account, other = new_account(), new_account()
    checkpoints = Place(replace(account, key=other.key)).checkpoints
    for ask in _requests_to_the_table(checkpoints):
        with pytest.raises(StorageAway, match=account.name) as raised:
            ask()
        assert str(raised.value).endswith(".")
        assert len(str(raised.value)) < 300


def _requests_to_the_table(checkpoints: Checkpoints) -> tuple[Callable[[], object], ...]:
    known = replace(_first(), etag='W/"1"')
    return (
        lambda: checkpoints.read(_LOG),
        lambda: checkpoints.insert(_LOG, _first()),
        lambda: checkpoints.replace(_LOG, known, known),
        lambda: checkpoints.mark(_LOG, known),
        lambda: checkpoints.delete(_LOG, Summary(_LOG.name, "", 0, State.CLOSED, HOUR, "", 'W/"1"')),
        lambda: list(checkpoints.listed(LogKind.NSG, HOUR, _LATER)),
        lambda: list(checkpoints.listed_before(LogKind.NSG, _LATER)),
    )
