import datetime as dt
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dev.demo.replayed import NoLogsError, find_sources, split_records
from shared.flowlog import parse_blob_name

_NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_records = st.lists(st.dictionaries(st.text(), _values, max_size=3), max_size=5)


@given(records=_records, indent=st.sampled_from([None, 1]), before=st.sampled_from(["", "\n "]))
def test_the_records_of_a_file_are_found_as_they_stand(records: list[dict], indent: int | None, before: str):
    text = before + json.dumps({"records": records}, indent=indent, ensure_ascii=False)
    found = split_records(text.encode())
    assert [json.loads(record) for record in found] == records
    assert all(record.decode() in text for record in found)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"time":1}',
        b'{"records":[{}',
        b'{"records":[{}]} more',
        b'{"records":[{"a":]}',
        b"\xff",
        b"[{}]",
        b'{"records":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
    ],
)
def test_a_file_of_an_odd_form_is_not_split(content: bytes):
    assert split_records(content) == []


def _file(folder: Path, name: str, content: str = "{}") -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def test_a_file_under_a_blobs_path_keeps_its_resource_and_card_and_moves_to_the_present_hour(tmp_path: Path):
    _file(tmp_path, "down/resourceId=/SUBSCRIPTIONS/1/y=2017/m=02/d=16/h=22/m=00/macAddress=000D3AF8801A/PT1H.json")
    (source,) = find_sources(tmp_path, _NOW)
    assert source.container == "insights-logs-networksecuritygroupflowevent"
    assert source.blob == "resourceId=/SUBSCRIPTIONS/1/y=2026/m=11/d=23/h=12/m=00/macAddress=000D3AF8801A/PT1H.json"


def test_different_hours_stay_different_and_in_order(tmp_path: Path):
    for hour in ("y=2017/m=02/d=16/h=22", "y=2017/m=02/d=17/h=01", "y=2016/m=12/d=31/h=23"):
        _file(tmp_path, f"flowLogResourceID=/A_B/{hour}/m=00/macAddress=000D3AF8801A/PT1H.json")
    moved = {source.path.as_posix().split("y=")[1][:4]: source.hour.hour for source in find_sources(tmp_path, _NOW)[:1]}
    assert moved == {"2016": 10}
    assert sorted(source.hour.hour for source in find_sources(tmp_path, _NOW)) == [10, 11, 12]
    assert {source.container for source in find_sources(tmp_path, _NOW)} == {"insights-logs-flowlogflowevent"}


def test_files_with_other_names_become_blobs_of_their_own_by_what_they_hold(tmp_path: Path):
    _file(tmp_path, "a/log.json", '{"records":[{"flowRecords":{}}]}')
    _file(tmp_path, "b/log.json", '{"records":[{"properties":{}}]}')
    vnet, nsg = find_sources(tmp_path, _NOW)
    assert (vnet.container, nsg.container) == (
        "insights-logs-flowlogflowevent",
        "insights-logs-networksecuritygroupflowevent",
    )
    assert vnet.blob.rpartition("/macAddress=")[2] != nsg.blob.rpartition("/macAddress=")[2]


_CARD = "resourceId=/A/y=2026/m=01/d=01/h=00/m=00/macAddress=000D3AF8801A/PT1H.json"


def test_two_files_of_one_card_and_hour_become_two_blobs(tmp_path: Path):
    _file(tmp_path, f"first/{_CARD}")
    _file(tmp_path, f"second/{_CARD}")
    first, second = find_sources(tmp_path, _NOW)
    assert first.blob == "resourceId=/A/y=2026/m=11/d=23/h=12/m=00/macAddress=000D3AF8801A/PT1H.json"
    assert second.blob == "resourceId=/REPLAYED/PT1H/y=2026/m=11/d=23/h=12/m=00/macAddress=000000000001/PT1H.json"


@pytest.mark.parametrize(
    "name",
    [
        _CARD.replace("/A/", "/A B/"),
        _CARD.replace("/A/", "/A?x#y%20/"),
        _CARD.replace("/A/", "/A./"),
        _CARD.replace("/A/", "/A\\B/"),
        _CARD.replace("/A/", f"/{'/'.join(['L' * 200] * 6)}/"),
        "esc\x1b[31m.json",
        "new\nline.json",
        "latin\udce9.json",
        "a?b#c%20 d.json",
        f"{'x' * 200}.json",
        "PT1H.JSON",
    ],
)
def test_a_file_with_a_name_that_no_log_blob_has_becomes_a_blob_with_one_that_it_may_have(tmp_path: Path, name: str):
    _file(tmp_path, name)
    (source,) = find_sources(tmp_path, _NOW)
    assert source.blob.startswith("resourceId=/REPLAYED/")
    assert parse_blob_name(source.container, source.blob) is not None
    assert re.fullmatch(r"[A-Za-z0-9_/=-]{1,300}\.json", source.blob)


def test_letters_of_any_script_stay_in_the_name(tmp_path: Path):
    _file(tmp_path, _CARD.replace("/A/", "/GRÜN_RG/"))
    assert find_sources(tmp_path, _NOW)[0].blob.startswith("resourceId=/GRÜN_RG/y=2026/")


def test_what_is_not_a_file_is_passed_over(tmp_path: Path):
    _file(tmp_path, "folder.json/log.json")
    (tmp_path / "nowhere.json").symlink_to(tmp_path / "missing")
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    (tmp_path / "cycle").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fifo.json")
    assert [source.path.name for source in find_sources(tmp_path, _NOW)] == ["log.json"]


def test_a_file_that_cannot_be_read_is_left_out_with_the_reason(tmp_path: Path):
    _file(tmp_path, "good.json")
    (tmp_path / "bad.json").symlink_to("/proc/self/mem")  # where nothing is mapped at its beginning
    bad, good = find_sources(tmp_path, _NOW)
    assert (bad.problem, good.problem) == ("Input/output error", "")


def test_a_file_that_is_too_large_to_be_held_in_memory_is_left_out(tmp_path: Path):
    _file(tmp_path, "good.json")
    with (tmp_path / "huge.json").open("wb") as huge:
        huge.truncate(10**11)
    _, huge = find_sources(tmp_path, _NOW)
    assert huge.problem == "it has 100,000 MB, and at most 1,000 MB of a file can be held in memory"


def test_a_folder_of_files_that_cannot_be_read_is_reported(tmp_path: Path):
    (tmp_path / "bad.json").symlink_to("/proc/self/mem")
    with pytest.raises(NoLogsError, match=r"none of the \.json files in .* can be read: Input/output error"):
        find_sources(tmp_path, _NOW)


def test_a_folder_without_logs_is_reported(tmp_path: Path):
    with pytest.raises(NoLogsError, match=r"no \.json files"):
        find_sources(tmp_path, _NOW)


def test_more_hours_than_are_read_without_asking_are_reported(tmp_path: Path):
    for hour in range(801):
        moment = _NOW - dt.timedelta(hours=hour)
        _file(tmp_path, f"resourceId=/A/{moment:y=%Y/m=%m/d=%d/h=%H}/m=00/PT1H.json")
    with pytest.raises(NoLogsError, match="801 hours"):
        find_sources(tmp_path, _NOW)
