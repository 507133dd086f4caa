import datetime as dt
import json
from collections import Counter

import pytest
from azure.storage.blob import BlobServiceClient

from dev.azurite import StorageAccount
from dev.flowlogs.blob import Commit, LogBlob
from dev.flowlogs.nics import Format, Load, Nic
from dev.flowlogs.writer import FlowLogWriter
from shared.flowlog import parse_blob_name

_START = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)


@pytest.fixture
def service(account: StorageAccount) -> BlobServiceClient:
    return BlobServiceClient.from_connection_string(account.connection_string)


def _block_list(service: BlobServiceClient, commit: Commit) -> list[tuple[str, int]]:
    committed, _ = service.get_blob_client(commit.container, commit.name).get_block_list("committed")
    return [(block.id, block.size) for block in committed]


def _content(service: BlobServiceClient, commit: Commit) -> bytes:
    return service.get_blob_client(commit.container, commit.name).download_blob().readall()


def test_blocks_are_put_before_the_closer_and_the_earlier_ones_stay(service: BlobServiceClient):
    blob = LogBlob(service, "logs", "a/PT1H.json")
    first = _block_list(service, blob.append([b'{"a":1}']))
    second = _block_list(service, blob.append([b'{"b":2}', b'{"c":3}']))
    assert [(block_id[0], size) for block_id, size in first] == [("A", 12), ("D", 7), ("Z", 2)]
    assert second[:2] == first[:2]
    assert second[-1] == first[-1]
    assert {len(block_id) for block_id, _ in second} == {33}
    assert second[2][1] == len(b',{"b":2},{"c":3}')


def test_the_whole_blob_is_json_after_every_commit(service: BlobServiceClient):
    blob = LogBlob(service, "logs", "a/PT1H.json")
    assert json.loads(_content(service, blob.append([b"{}"]))) == {"records": [{}]}
    assert json.loads(_content(service, blob.append([b"1"], [b"2", b"3"]))) == {"records": [{}, 1, 2, 3]}


def test_a_commit_tells_size_and_etag_of_the_blob(service: BlobServiceClient):
    blob = LogBlob(service, "logs", "a/PT1H.json")
    blob.append([b"{}"])
    commit = blob.append([b"{}"], [b"{}"])
    properties = service.get_blob_client("logs", "a/PT1H.json").get_blob_properties()
    assert (commit.size, commit.etag) == (properties.size, properties.etag.strip('"'))


@pytest.mark.parametrize("form", list(Format))
def test_an_hour_is_in_one_blob_with_the_name_that_azure_gives_it(service: BlobServiceClient, form: Format):
    nic = Nic(form, 3, Load.STEADY)
    writer = FlowLogWriter(service, seed=1)
    names = {written.commit.name for minute in range(60) if (written := writer.write_minute(nic, _minute(minute)))}
    assert len(names) == 1
    log = parse_blob_name(nic.container, names.pop())
    assert log
    assert (log.kind.container, log.hour, log.mac) == (nic.container, _START, nic.mac)


def test_what_the_writer_says_it_wrote_is_what_the_blobs_hold(service: BlobServiceClient):
    nics = [Nic(Format.NSG_2, 1, Load.STEADY), Nic(Format.VNET_4, 2, Load.DENSE), Nic(Format.NSG_1, 3, Load.SPARSE)]
    writer = FlowLogWriter(service, seed=1, bad_share=0.05)
    said = [writer.write_minute(nic, _minute(minute)) for minute in range(5) for nic in nics]
    written = [each for each in said if each]
    held = Counter[tuple[str, str]]()
    for commit in {each.commit.name: each.commit for each in written}.values():
        for record in json.loads(_content(service, commit))["records"]:
            flows = record.get("properties", record.get("flowRecords", {}))["flows"]
            for flow in flows:
                for group in flow.get("flowGroups", flow.get("flows")):
                    held.update((commit.name, text) for text in group["flowTuples"])
    assert held.total() == sum(each.flow_records.total() + each.set_aside.total() for each in written)
    aside = sum((Counter({(w.commit.name, text): n for text, n in w.set_aside.items()}) for w in written), Counter())
    assert aside
    assert all(held[each] == count for each, count in aside.items())


def test_a_quiet_minute_commits_nothing(service: BlobServiceClient):
    writer = FlowLogWriter(service, seed=1)
    nic = Nic(Format.VNET_4, 1, Load.SPARSE)
    written = [writer.write_minute(nic, _minute(minute)) for minute in range(30)]
    assert None in written
    assert any(written)


def test_an_hour_begins_a_new_blob(service: BlobServiceClient):
    writer = FlowLogWriter(service, seed=1)
    nic = Nic(Format.NSG_2, 1, Load.STEADY)
    written = [writer.write_minute(nic, _minute(minute)) for minute in range(58, 62)]
    assert [each.commit.name.split("/h=")[1][:2] for each in written if each] == ["10", "10", "11", "11"]


def _minute(number: int) -> dt.datetime:
    return _START + number * dt.timedelta(minutes=1)
