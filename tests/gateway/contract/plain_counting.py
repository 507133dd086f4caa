"""The rule of counting as plainly as it can be said, over all records of an hour at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

HOUR_MS = 3_600_000

type Record = Mapping[str, Any]


def counts(records: Sequence[Record]) -> list[bool]:
    """Tell of each record whether its bytes count."""
    hours = defaultdict(list)
    records = list(map(_canonical, records))
    for each in records:
        if measured(each):
            hours[each["time"] // HOUR_MS].append(each)
    return [measured(each) and _counts(each, hours[each["time"] // HOUR_MS]) for each in records]


def _canonical(record: Record) -> Record:
    """Write IPv4 addresses as such that are written inside IPv6."""
    return {**record, **{end: record[end].removeprefix("::ffff:") for end in ("src_ip", "dst_ip")}}


def measured(record: Record) -> bool:
    return any(
        record[f"{what}_{way}"] is not None for what in ("packets", "bytes") for way in ("src_to_dst", "dst_to_src")
    )


def _counts(record: Record, hour: Sequence[Record]) -> bool:
    logs = [each for each in hour if each["source"] != "agent"]
    agents = [each for each in hour if each["source"] == "agent"]
    if record["source"] == "agent":
        return _agents_record_counts(record, logs, agents)
    return _is_of_the_first_log(record, logs) and (
        _inbound_counts(record, logs) if record["direction"] == "inbound" else _outbound_counts(record, logs)
    )


def _is_of_the_first_log(record: Record, logs: Sequence[Record]) -> bool:
    of_vnet = [each["flow_log_id"] or "" for each in logs if each["source"] == "vnet" and nic(each) == nic(record)]
    if not of_vnet:
        return True
    return record["source"] == "vnet" and (record["flow_log_id"] or "") == min(of_vnet)


def _inbound_counts(record: Record, logs: Sequence[Record]) -> bool:
    return not any(each["direction"] == "outbound" and each["src_ip"] == record["src_ip"] for each in logs)


def _outbound_counts(record: Record, logs: Sequence[Record]) -> bool:
    same = [each for each in logs if each["src_ip"] == record["src_ip"]]
    receives = any(each["direction"] == "inbound" and nic(each) == nic(record) for each in same)
    another_logs = any(each["direction"] == "outbound" and nic(each) != nic(record) for each in same)
    return not (receives and another_logs)


def _agents_record_counts(record: Record, logs: Sequence[Record], agents: Sequence[Record]) -> bool:
    own = {each["src_ip" if each["direction"] == "outbound" else "dst_ip"] for each in logs}
    if record["src_ip"] in own or record["dst_ip"] in own:
        return False
    if record["direction"] == "outbound":
        return True
    opened = {flow(each) for each in agents if each["direction"] == "outbound"}
    turned = (record["dst_ip"], record["src_ip"], record["protocol"], record["src_port"])
    return flow(record) not in opened and (record["direction"] == "inbound" or turned not in opened)


def nic(record: Record) -> str:
    return record["mac"] if record["mac"] is not None else record["resource_id"] or ""


def flow(record: Record) -> tuple[str, str, int, int | None]:
    return record["src_ip"], record["dst_ip"], record["protocol"], record["dst_port"]
