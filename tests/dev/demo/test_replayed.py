import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dev.demo.replayed import NoLogsError, find_sources, split_records

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
    [b"", b"{}", b'{"time":1}', b'{"records":[{}', b'{"records":[{}]} more', b'{"records":[{"a":]}', b"\xff", b"[{}]"],
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


def test_a_folder_without_logs_is_told(tmp_path: Path):
    with pytest.raises(NoLogsError, match=r"no \.json files"):
        find_sources(tmp_path, _NOW)


def test_more_hours_than_are_read_without_asking_are_told(tmp_path: Path):
    for hour in range(801):
        moment = _NOW - dt.timedelta(hours=hour)
        _file(tmp_path, f"resourceId=/A/{moment:y=%Y/m=%m/d=%d/h=%H}/m=00/PT1H.json")
    with pytest.raises(NoLogsError, match="801 hours"):
        find_sources(tmp_path, _NOW)
