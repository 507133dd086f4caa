import datetime as dt
import itertools
import json
from collections import Counter
from collections.abc import Iterator

import pytest

from dev.flowlogs.formats import KEYS, FlowRecord
from dev.flowlogs.minutes import Minute, MinuteMaker
from dev.flowlogs.nics import Format, Load, Nic
from shared.flowlog import KEYS as RECORD_KEYS
from shared.flowlog import Unit, decode

_START = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
_every_format = pytest.mark.parametrize("form", list(Format))


def _minutes(nic: Nic, seed: int = 7, bad_share: float = 0.0) -> list[Minute]:
    maker = MinuteMaker(nic, seed, bad_share)
    count = 10 if nic.load is Load.DENSE else 40
    return [maker.minute(_START + minute * dt.timedelta(minutes=1)) for minute in range(count)]


def _log_records(minutes: list[Minute]) -> Iterator[dict]:
    return (json.loads(record) for minute in minutes for record in minute.log_records)


def _tuples(log_record: dict) -> list[str]:
    flows = log_record.get("properties", log_record.get("flowRecords", {}))["flows"]
    return [
        text for flow in flows for group in flow.get("flowGroups", flow.get("flows")) for text in group["flowTuples"]
    ]


@_every_format
@pytest.mark.parametrize("load", list(Load))
def test_the_decoder_finds_what_the_maker_says_it_wrote(form: Format, load: Load):
    flow_records, aside = Counter[FlowRecord](), Counter[str]()
    for minute in _minutes(Nic(form, 3, load), bad_share=0.02):
        decoded = decode(b",".join(minute.log_records))
        assert all(item.unit is Unit.TUPLE for item in decoded.set_aside)
        assert Counter(tuple(json.loads(line).values()) for line in decoded.lines) == minute.flow_records
        assert Counter(item.raw.decode() for item in decoded.set_aside) == minute.set_aside
        flow_records.update(minute.flow_records)
        aside.update(minute.set_aside)
    assert flow_records
    assert load is Load.SPARSE or aside


def test_the_keys_are_those_of_the_flow_record():
    assert KEYS == RECORD_KEYS


@_every_format
def test_the_same_seed_makes_the_same_log_and_another_one_another(form: Format):
    nic = Nic(form, 3, Load.STEADY)
    assert _minutes(nic) == _minutes(nic)
    assert _minutes(nic) != _minutes(nic, seed=8)


def test_cards_differ():
    assert (
        _minutes(Nic(Format.NSG_2, 1, Load.STEADY))[0]
        .flow_records.keys()
        .isdisjoint(_minutes(Nic(Format.NSG_2, 2, Load.STEADY))[0].flow_records.keys())
    )


@_every_format
def test_full_log_records_have_the_size_of_real_ones_and_share_their_time(form: Format):
    full = [minute.log_records[:-1] for minute in _minutes(Nic(form, 1, Load.DENSE)) if len(minute.log_records) > 1]
    sizes = [len(record) for records in full for record in records]
    assert sizes
    assert all(32_000 < size <= 32_270 for size in sizes)
    assert all(len({json.loads(record)["time"] for record in records}) == 1 for records in full)


@_every_format
def test_tuples_are_sorted_by_time_within_a_rule(form: Format):
    for log_record in _log_records(_minutes(Nic(form, 1, Load.STEADY))):
        flows = log_record.get("properties", log_record.get("flowRecords", {}))["flows"]
        for flow in flows:
            for group in flow.get("flowGroups", flow.get("flows")):
                times = [int(text.split(",")[0]) for text in group["flowTuples"]]
                assert times == sorted(times)


@_every_format
def test_tuples_are_some_seconds_older_than_their_log_record(form: Format):
    for minute in _minutes(Nic(form, 1, Load.STEADY)):
        ages = [minute.time.timestamp() - int(record[0] or 0) / 1000 for record in minute.flow_records]
        assert all(4 <= age <= 65 for age in ages)


def test_a_quiet_minute_has_no_log_record():
    quiet = [minute for minute in _minutes(Nic(Format.VNET_4, 1, Load.SPARSE)) if not minute.tuples]
    assert quiet
    assert all(minute.log_records == () for minute in quiet)


@pytest.mark.parametrize("form", [Format.NSG_2, Format.VNET_4])
def test_a_long_flow_begins_continues_every_five_minutes_and_ends(form: Format):
    by_flow: dict[tuple, list[tuple[int, str]]] = {}
    for minute in _minutes(Nic(form, 1, Load.STEADY)):
        for record in minute.flow_records:
            named = dict(zip(KEYS, record, strict=True))
            ends = tuple(named[key] for key in ("src_ip", "src_port", "dst_ip", "dst_port"))
            by_flow.setdefault(ends, []).append((named["time"], named["state"]))
    long = [states for states in by_flow.values() if len(states) > 3 and states[-1][1] == "end"]
    assert long
    for states in long:
        assert [state for _, state in states] == ["begin", *["continue"] * (len(states) - 2), "end"]
        gaps = {later - earlier for (earlier, _), (later, _) in itertools.pairwise(states[:-1])}
        assert all(abs(gap - 300_000) <= 1000 for gap in gaps)


def test_equal_tuples_occur():
    assert (
        max(count for minute in _minutes(Nic(Format.NSG_2, 1, Load.DENSE)) for count in minute.flow_records.values())
        > 1
    )
