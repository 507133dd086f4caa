import datetime as dt
import gzip
import json
import random
from pathlib import Path

import pytest

from dev.demo.arrived import backlog, posts_taken, quarantined, stored_records
from dev.demo.ledger import Ledger
from dev.demo.made_up import write_logs
from dev.demo.replayed import find_sources, replay
from dev.demo.verdict import Verdict, compare
from dev.flowlogs.minutes import MinuteMaker
from dev.flowlogs.nics import Format, Load, Nic
from dev.rig import Rig, rig

pytestmark = pytest.mark.long

_HOUR = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ledger, Verdict, Path]:
    """What came of some minutes of made-up logs and some files, through everything."""
    folder = tmp_path_factory.mktemp("rig")
    files = tmp_path_factory.mktemp("files")
    _write_files(files)
    ledger = Ledger()
    with rig(folder, {"START_FROM": f"{_HOUR:%Y-%m-%dT%H}"}) as running:
        write_logs(running, _HOUR, 1, ledger, lambda _: None, minutes=3, seconds_a_minute=0)
        replay(running, find_sources(files, _HOUR), ledger, lambda _: None)
        running.drain(60)
        quarantine = quarantined(running.own_service)
        waiting = backlog(running.log_service, running.own_service, running.own_table)
        _assert_no_trouble(running)
    arrivals = stored_records(running.gateway.data, running.gateway.customer.number)
    return ledger, compare(ledger, arrivals, quarantine, posts_taken(running.gateway.log), waiting), folder


def _write_files(folder: Path) -> None:
    """Leave a usual file, and one of each form that can't be cut into blocks."""
    minute = MinuteMaker(Nic(Format.NSG_1, 7, Load.STEADY), seed=1, bad_share=0.1).minute(_HOUR)
    records = [json.loads(record) for record in minute.log_records]
    (folder / "usual.json").write_text(json.dumps({"records": records}, indent=1))
    for number, content in enumerate(_odd_files([json.dumps(record) for record in records])):
        (folder / f"odd-{number}.json").write_bytes(content)


def _odd_files(records: list[str]) -> list[bytes]:
    """Each holds two log records, if any."""
    first, second = records[0], records[-1]
    log = f'{{"records":[{first},{second}]}}'.encode()
    cut = log[: -len(second) // 2]
    return [
        b"\xef\xbb\xbf" + log,
        b"\xef\xbb",
        cut,
        cut + b"]}",
        cut + b"}]}",
        log[:-2],
        log[:-1],
        log + b"more",
        log + b"\n" + log,
        f"[{first},{second}]".encode(),
        f"{first}\n{second}\n".encode(),
        log.decode().encode("utf-16"),
        log.decode().encode("utf-16-be"),
        gzip.compress(log, mtime=0),
        log.replace(b'"rule": "', b'"rule": ', 1),
        random.Random(1).randbytes(5000),
        bytes(5000),
        b'#!/bin/sh\necho "{no log}"\n',
        b'{"name": "no log", "of": {"an": "object"}}',
        b'{"records":[1, "text", null, [2], {}]}',
        b'{"records":[',
        b'{"rec',
        b" \r\n\t",
        b"",
    ]


def _assert_no_trouble(running: Rig) -> None:
    status = running.host.status()
    assert status.poisoned == 0
    assert not [result for (_, result) in status.results if result != "succeeded"]


def test_what_was_written_is_what_arrived(delivered: tuple[Ledger, Verdict, Path]):
    ledger, verdict, _ = delivered
    assert ledger.tuples > 1000
    assert ledger.asides
    assert verdict.is_equal
    assert verdict.stored == ledger.flow_records.total()


def test_bytes_that_are_no_complete_record_stay_backlog(delivered: tuple[Ledger, Verdict, Path]):
    ledger, verdict, _ = delivered
    assert len(ledger.left) > 10
    assert (verdict.behind, verdict.dropped) == ({}, {})


def test_nothing_is_sent_twice_without_faults(delivered: tuple[Ledger, Verdict, Path]):
    assert delivered[1].sent_twice == 0


def test_every_format_was_written(delivered: tuple[Ledger, Verdict, Path]):
    assert {record[-1] for record in delivered[0].flow_records} == {1, 2, 4}


def test_it_arrives_seconds_after_it_was_committed(delivered: tuple[Ledger, Verdict, Path]):
    lag = delivered[1].lag(95)
    assert lag is not None
    assert dt.timedelta(0) < lag < dt.timedelta(seconds=30)


def test_an_agent_asks_what_to_collect(delivered: tuple[Ledger, Verdict, Path]):
    log = (delivered[2] / "gateway.log").read_text().splitlines()
    asked = [
        entry
        for entry in (json.loads(line) for line in log if line.startswith("{"))
        if entry.get("route") == "/agent/v1/request"
    ]
    assert asked
    assert all(entry["status"] == 200 for entry in asked)


def test_no_log_holds_a_key_or_token(delivered: tuple[Ledger, Verdict, Path]):
    folder = delivered[2]
    for log in (folder / "host.log", folder / "gateway.log", folder / "agent" / "agent.log"):
        text = log.read_text()
        assert "AccountKey" not in text
        assert "Bearer" not in text
