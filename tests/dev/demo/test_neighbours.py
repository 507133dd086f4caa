import datetime as dt
import json
from collections import Counter
from pathlib import Path

from dev.demo.neighbours import NeighboursConnections
from dev.flowlogs.formats import KEYS
from dev.neighbour import Neighbour
from shared.flowlog import decode

_NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def _line(seconds: float, port: int, event: str) -> str:
    return json.dumps({"time": int((_NOON.timestamp() + seconds) * 1000), "port": port, "event": event}) + "\n"


def _connections(tmp_path: Path, *lines: str) -> NeighboursConnections:
    log = tmp_path / "neighbour.log"
    log.write_text("".join(lines))
    return NeighboursConnections(Neighbour("198.18.0.2", "198.18.0.1", 4711, log))


def test_the_log_tells_of_what_the_neighbour_did_as_the_decoder_reads_it(tmp_path: Path):
    connections = _connections(
        tmp_path, _line(0, 50_001, "begin"), _line(0.5, 50_002, "begin"), _line(1, 50_002, "end")
    )
    minute = connections.minute(_NOON + dt.timedelta(minutes=1))
    decoded = decode(b",".join(minute.log_records))
    assert Counter(tuple(json.loads(line).values()) for line in decoded.lines) == minute.flow_records
    records = [dict(zip(KEYS, record, strict=True)) for record in minute.flow_records]
    assert [(each["src_ip"], each["src_port"], each["dst_ip"], each["dst_port"]) for each in records] == [
        ("198.18.0.2", port, "198.18.0.1", 4711) for port in (50_001, 50_002, 50_002)
    ]
    assert [each["state"] for each in records] == ["begin", "begin", "end"]
    assert (records[2]["bytes_src_to_dst"], records[2]["bytes_dst_to_src"]) == (1000, 1000)


def test_each_connection_is_told_of_once_and_only_when_azure_would(tmp_path: Path):
    connections = _connections(tmp_path, _line(0, 50_001, "begin"), _line(7, 50_002, "begin"), '{"time": 1')
    told = [connections.minute(_NOON + dt.timedelta(seconds=at)).flow_records.total() for at in (3, 4, 10, 11, 12)]
    assert told == [0, 1, 0, 1, 0]
