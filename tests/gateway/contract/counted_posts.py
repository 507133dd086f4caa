"""Posts that are made up for the rule of counting to be held against."""

from hypothesis import strategies as st

from tests.gateway.client import agent_record, record
from tests.gateway.contract.plain_counting import HOUR_MS

FIRST = 1_795_446_000_000
COUNTERS = ("packets_src_to_dst", "bytes_src_to_dst", "packets_dst_to_src", "bytes_dst_to_src")

some_hours = st.integers(0, 1)
many_hours = st.integers(0, 9)
addresses = st.sampled_from(["10.0.0.1", "10.0.0.2", "::ffff:10.0.0.2", "2001:db8::1"])
ports = st.sampled_from([80, 443])
counters = st.sampled_from([(None,) * 4, (0, 0, 0, 0), (1, 60, None, None), (3, 500, 2, 900), (None, None, 1, 52)])


def _logs(hours):
    return st.builds(
        lambda hour, kind, way, src, dst, counters, nic: record(
            time=FIRST + hour * HOUR_MS, direction=way, src_ip=src, dst_ip=dst, **kind, **nic, **counters_of(counters)
        ),
        hours,
        st.sampled_from(
            [
                {"source": "nsg", "version": 2, "flow_log_id": None},
                {"source": "vnet", "version": 4, "flow_log_id": "/a"},
                {"source": "vnet", "version": 4, "flow_log_id": "/b"},
                {"source": "vnet", "version": 4, "flow_log_id": None},
            ]
        ),
        st.sampled_from(["inbound", "outbound"]),
        addresses,
        addresses,
        counters,
        st.sampled_from(
            [
                {"mac": "000D3A000001", "resource_id": "/one"},
                {"mac": "000D3A000002", "resource_id": "/one"},
                {"mac": None, "resource_id": "/two"},
                {"mac": None, "resource_id": None},
            ]
        ),
    )


def _agents(hours):
    return st.builds(
        lambda hour, way, src, dst, sport, dport, counters: agent_record(
            time=FIRST + hour * HOUR_MS,
            direction=way,
            src_ip=src,
            dst_ip=dst,
            src_port=None if way else sport,
            dst_port=dport,
            **counters_of(counters),
        ),
        hours,
        st.sampled_from(["inbound", "outbound", None]),
        addresses,
        addresses,
        ports,
        ports,
        counters,
    )


def counters_of(values):
    return dict(zip(COUNTERS, values, strict=True))


def posts_in(hours):
    """Posts of records of logs and agents, in some hours from `FIRST` on, out of few values, so that many meet."""
    return st.lists(st.lists(st.one_of(_logs(hours), _agents(hours)), min_size=1, max_size=12), max_size=8)
