"""A report written as a tuple in each format, and the flow record that the tuple must come to."""

import datetime as dt
from ipaddress import IPv6Address

from dev.flowlogs.nics import Format, Nic
from dev.flowlogs.traffic import Address, Direction, Report, State

KEYS = (
    "time",
    "src_ip",
    "src_port",
    "dst_ip",
    "dst_port",
    "protocol",
    "direction",
    "decision",
    "state",
    "encryption",
    "packets_src_to_dst",
    "bytes_src_to_dst",
    "packets_dst_to_src",
    "bytes_dst_to_src",
    "rule",
    "mac",
    "acl_id",
    "resource_id",
    "flow_log_id",
    "source",
    "version",
)
"""The keys of a flow record, in order."""

type FlowRecord = tuple[str | int | None, ...]
"""The values of a flow record, in the order of `KEYS`."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_STATE_LETTERS = {State.BEGIN: "B", State.CONTINUE: "C", State.END: "E", State.DENY: "D"}
_DIRECTION_LETTERS = {Direction.INBOUND: "I", Direction.OUTBOUND: "O"}
_PROTOCOL_LETTERS = {6: "T", 17: "U"}


def write_tuple(form: Format, report: Report) -> str:
    """Return a report as the format writes it (nsg-flow-logs-overview, vnet-flow-logs-overview)."""
    flow = report.flow
    ends = f"{_text(flow.source)},{_text(flow.destination)},{flow.source_port},{flow.destination_port}"
    direction = _DIRECTION_LETTERS[flow.direction]
    milliseconds = _milliseconds(report)
    if form is Format.VNET_4:
        state = f"{_STATE_LETTERS[report.state]},{flow.encryption},{_counters(report, empty='0')}"
        return f"{milliseconds},{ends},{flow.protocol},{direction},{state}"
    decision = "D" if report.state is State.DENY else "A"
    start = f"{milliseconds // 1000},{ends},{_PROTOCOL_LETTERS[flow.protocol]},{direction},{decision}"
    if form is Format.NSG_1:
        return start
    # Denied flows carry the state "begin".
    state = "B" if report.state is State.DENY else _STATE_LETTERS[report.state]
    return f"{start},{state},{_counters(report, empty='')}"


def is_logged(form: Format, report: Report) -> bool:
    """Return whether the format has a tuple for a report: NSG version 1 only has that a flow was allowed or denied."""
    return form is not Format.NSG_1 or report.state in {State.BEGIN, State.DENY}


def flow_record(nic: Nic, report: Report) -> FlowRecord:
    """Return the flow record that the report's tuple must come to."""
    flow, counters = report.flow, report.counters
    vnet = nic.format is Format.VNET_4
    if nic.format is Format.NSG_1:
        state = None
    elif nic.format is Format.NSG_2 and report.state is State.DENY:
        state = State.BEGIN.value
    else:
        state = report.state.value
    milliseconds = _milliseconds(report)
    return (
        milliseconds if vnet else milliseconds // 1000 * 1000,
        flow.source.compressed,
        flow.source_port,
        flow.destination.compressed,
        flow.destination_port,
        flow.protocol,
        flow.direction.value,
        "deny" if report.state is State.DENY else "allow",
        state,
        flow.encryption if vnet else None,
        counters.packets_sent if counters else None,
        counters.bytes_sent if counters else None,
        counters.packets_received if counters else None,
        counters.bytes_received if counters else None,
        flow.rule,
        nic.mac,
        nic.acl_id(flow.rule),
        nic.resource_id,
        nic.flow_log_id,
        "vnet" if vnet else "nsg",
        nic.format.value,
    )


def _milliseconds(report: Report) -> int:
    return (report.time - _EPOCH) // _MILLISECOND


def _text(address: Address) -> str:
    # No document says how Azure writes IPv6: so in full, which no two readers take for canonical.
    return address.exploded.upper() if isinstance(address, IPv6Address) else str(address)


def _counters(report: Report, empty: str) -> str:
    counters = report.counters
    if counters is None:
        return ",".join([empty] * 4)
    return f"{counters.packets_sent},{counters.bytes_sent},{counters.packets_received},{counters.bytes_received}"
