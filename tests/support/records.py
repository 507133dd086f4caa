"""Flow records of every kind that the rules allow, for property tests."""

from typing import Any

from hypothesis import strategies as st

from shared.flowlog.check import check
from shared.flowlog.record import COUNTERS, KEYS, LINKS, TIME_END_MS, TIME_MIN_MS, VERSIONS, Source

_TEXT = st.text(max_size=12)
_ADDRESS = st.one_of(st.ip_addresses(), st.ip_addresses(v=4), st.sampled_from(["::ffff:10.0.0.4", "10.0.0.4"])).map(str)
_PORT = st.integers(0, 65_535)
_LOGS = (Source.NSG, Source.VNET)
_KINDS = st.sampled_from([(source.value, version) for source in _LOGS for version in VERSIONS[source]])


_UNKNOWN_TO_AGENTS = ("decision", "state", "encryption", "rule", "mac", "acl_id", "resource_id", "flow_log_id")


@st.composite
def agent_records(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a record of an agent, keys in their order."""
    known = draw(st.booleans())
    measured = draw(st.booleans())
    counters = [draw(st.none() | st.integers(0, 10**18 - 1)) if measured else None for _ in COUNTERS]
    record = {
        **draw(flow_records()),
        **dict.fromkeys(_UNKNOWN_TO_AGENTS),
        **dict(zip(COUNTERS, counters, strict=True)),
        "src_port": None if known else draw(_PORT),
        "direction": draw(st.sampled_from(["inbound", "outbound"])) if known else None,
        "source": Source.AGENT.value,
        "version": 1,
        "host": draw(st.text(min_size=1, max_size=12)),
        "process": draw(st.none() | _TEXT),
        "direction_basis": draw(st.sampled_from(["listen", "peer_listen", "ephemeral"])) if known else "unknown",
        **{key: draw(st.integers(0, 1000)) for key in LINKS},
        "counter_source": "tcp_info" if measured else "none",
    }
    assert check(record) is None
    return record


@st.composite
def flow_records(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a flow record, keys in their order."""
    source, version = draw(_KINDS)
    decision = draw(st.sampled_from(["allow", "deny"]))
    states = ["begin", "continue", "end", None, *(["deny"] if decision == "deny" else [])]
    counters = draw(st.tuples(*[st.none() | st.integers(0, 10**18 - 1)] * len(COUNTERS)))
    record = {
        "time": draw(st.integers(TIME_MIN_MS, TIME_END_MS - 1)),
        "src_ip": draw(_ADDRESS),
        "src_port": draw(_PORT),
        "dst_ip": draw(_ADDRESS),
        "dst_port": draw(_PORT),
        "protocol": draw(st.integers(0, 255)),
        "direction": draw(st.sampled_from(["inbound", "outbound"])),
        "decision": decision,
        "state": draw(st.sampled_from(states)),
        "encryption": draw(st.none() | _TEXT),
        **dict(zip(COUNTERS, counters, strict=True)),
        "rule": draw(_TEXT),
        "mac": draw(st.none() | st.from_regex(r"[0-9A-F]{12}", fullmatch=True)),
        **{key: draw(st.none() | _TEXT) for key in ("acl_id", "resource_id", "flow_log_id")},
        "source": source,
        "version": version,
    }
    if check(record) is not None:
        # The one rule that is left: four zeros at the beginning of a flow, or where it is denied, measured nothing.
        record |= dict.fromkeys(COUNTERS)
    assert tuple(record) == KEYS
    return record
