import pytest

from gateway.traffic.answered import answered
from shared.flowlog.record import COUNTERS
from tests.gateway.client import agent_record, record

V4, V6, MAPPED = "20.1.2.3", "2600::1", "::ffff:20.1.2.3"


def told(packets, size, **changes):
    counters = dict(zip(COUNTERS, (1, 66, packets, size), strict=True))
    return answered(record(protocol=6, dst_ip=V4) | counters | changes)


@pytest.mark.parametrize(
    ("address", "packets", "size", "is_answered"),
    [
        (V4, 1, 54, "no"),  # a reset
        (V4, 1, 57, "no"),
        (V4, 1, 58, "yes"),  # a SYN-ACK with the option MSS alone, as after a half-open scan
        (V4, 1, 74, "yes"),
        (V4, 3, 3 * 54, "no"),  # three resets
        (V4, 3, 3 * 58 - 1, "no"),
        (V4, 3, 3 * 58, "yes"),
        (MAPPED, 1, 58, "yes"),
        (V6, 1, 74, "no"),  # a reset
        (V6, 1, 77, "no"),
        (V6, 1, 78, "yes"),
        (V4, 0, 0, "no"),
        (V4, 0, 58, "no"),  # no packet has brought these
        (V4, 10**17, 58 * 10**17, "yes"),
    ],
)
def test_a_reset_is_no_answer_over_tcp(address, packets, size, is_answered):
    assert told(packets, size, dst_ip=address) == is_answered


@pytest.mark.parametrize(("packets", "size"), [(None, None), (1, None), (None, 66)])
def test_what_has_no_counters_is_unmeasured(packets, size):
    assert told(packets, size) == "unmeasured"


@pytest.mark.parametrize("protocol", [1, 17, 47])
@pytest.mark.parametrize(("size", "is_answered"), [(0, "no"), (1, "yes"), (None, "unmeasured")])
def test_any_byte_is_an_answer_in_other_protocols(protocol, size, is_answered):
    assert told(None, size, protocol=protocol) == is_answered


@pytest.mark.parametrize(("size", "is_answered"), [(0, "no"), (1, "yes"), (None, "unmeasured")])
def test_any_byte_is_an_answer_that_an_agent_reports(size, is_answered):
    assert answered(agent_record(protocol=6, bytes_dst_to_src=size, packets_dst_to_src=None)) == is_answered
