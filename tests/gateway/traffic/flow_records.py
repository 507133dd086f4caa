"""Flow records for tests: made up without end, and decoded from made logs."""

import json

from hypothesis import strategies as st

from shared.flowlog.decode import decode
from shared.flowlog.record import COUNTERS, TIME_END_MS, TIME_MIN_MS, canonical_address, check
from tests.gateway.client import record

_ADDRESSES = st.ip_addresses().map(str).map(canonical_address)
_PORTS = st.integers(0, 65_535)
_TEXTS = st.text(max_size=20) | st.sampled_from(["=1+1", "-1", "@x", "\tx", "\rx", 'a,"b"\r\n', "<script>", "a*b%_"])
_KINDS = st.sampled_from([("nsg", 1), ("nsg", 2), ("vnet", 4)])
_DECISIONS = st.sampled_from(
    [("deny", "deny"), *((way, state) for way in ("allow", "deny") for state in (None, "begin", "continue", "end"))]
)


@st.composite
def flow_records(draw):
    """Draw a flow record that keeps all rules."""
    source, version = draw(_KINDS)
    decision, state = draw(_DECISIONS)
    drawn = record(
        time=draw(st.integers(TIME_MIN_MS, TIME_END_MS - 1)),
        src_ip=draw(_ADDRESSES),
        src_port=draw(_PORTS),
        dst_ip=draw(_ADDRESSES),
        dst_port=draw(_PORTS),
        protocol=draw(st.integers(0, 255) | st.sampled_from([1, 6, 17, 58, 132])),
        direction=draw(st.sampled_from(["inbound", "outbound"])),
        decision=decision,
        state=state,
        encryption=draw(st.none() | _TEXTS),
        rule=draw(_TEXTS),
        mac=draw(st.none() | st.text("0123456789ABCDEF", min_size=12, max_size=12)),
        acl_id=draw(st.none() | _TEXTS),
        resource_id=draw(st.none() | _TEXTS | st.just("/SUBSCRIPTIONS/Some-Id/RESOURCEGROUPS/G/x")),
        flow_log_id=draw(st.none() | _TEXTS),
        source=source,
        version=version,
        **{key: draw(st.none() | st.integers(0, 10**18 - 1)) for key in COUNTERS},
    )
    return drawn if check(drawn) is None else drawn | dict.fromkeys(COUNTERS)


def decoded(log):
    """Give the flow records of a made log, as the gateway keeps them."""
    return list(map(json.loads, decode(log).lines))
