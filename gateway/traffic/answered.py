"""Whether something answered, as far as a single record shows."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from gateway.traffic.addresses import is_ipv4, number
from shared.flowlog.record import Source

TCP: Final = 6
LEAST_BYTES: Final = 58
"""The fewest bytes of an average packet that is more than a refusal, over IPv4. A SYN-ACK has at least the option MSS,
which makes 58 bytes; a reset has 54. Azure's counters include the Ethernet header, 14 of these bytes: in published logs
a refused connection has one packet of 54 bytes back, and the SYN and SYN-ACK of others have 66 or 74."""
LEAST_BYTES_IPV6: Final = LEAST_BYTES + 20
"""The same over IPv6, whose header is longer."""


class Answered(StrEnum):
    """Whether something answered; one of the three holds for every record."""

    YES = "yes"
    NO = "no"
    UNMEASURED = "unmeasured"


def answered(record: Mapping[str, Any]) -> Answered:
    """Return whether something answered in a flow record.

    A refused TCP connection gets a packet back, too: a reset. So a log's TCP record has an answer only if its packets
    back are large enough not to be resets. An agent reports what its kernel counted, without headers, so any byte is an
    answer, as it is in other protocols.
    """
    size, packets = record["bytes_dst_to_src"], record["packets_dst_to_src"]
    in_packets = record["protocol"] == TCP and record["source"] != Source.AGENT
    if size is None or (in_packets and packets is None):
        return Answered.UNMEASURED
    if in_packets:
        least = LEAST_BYTES if is_ipv4(number(record["dst_ip"])) else LEAST_BYTES_IPV6
        return Answered.YES if packets > 0 and size >= least * packets else Answered.NO
    return Answered.YES if size > 0 else Answered.NO
