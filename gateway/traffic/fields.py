"""The fields of flow records, each declared once: for the search box, its help, lists, stores and exports.

A new field is a row here. A stored one also brings a step of the schema in each store, and one that is worked out and
searched for a line in each store's `worked_out`; `tests/gateway/traffic/test_fields.py` adds one of each origin.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from gateway.traffic.answered import Answered, answered
from gateway.traffic.community_id import community_id
from gateway.traffic.field import (
    AddressField,
    Example,
    Field,
    NumberField,
    Origin,
    PortField,
    Record,
    ServiceField,
    Side,
    TextField,
    WordField,
)
from gateway.traffic.protocols import PROTOCOLS
from shared.flowlog.record import (
    DIGITS_MAX,
    PROTOCOL_MAX,
    CounterSource,
    Decision,
    Direction,
    DirectionBasis,
    State,
)
from shared.flowlog.record import Source as RecordSource

_COUNTER_MAX: Final = 10**DIGITS_MAX - 1


class Counted(StrEnum):
    """Whether a record's bytes count."""

    YES = "yes"
    NO = "no"


def _both_ways(what: str) -> Callable[[Record], int | None]:
    def total(record: Record) -> int | None:
        counts = (record[f"{what}_src_to_dst"], record[f"{what}_dst_to_src"])
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    return total


def _community_id(record: Record) -> str | None:
    if record["src_port"] is None:
        return None
    return community_id(record["protocol"], record["src_ip"], record["src_port"], record["dst_ip"], record["dst_port"])


TIME: Final = Field(name="time", label="Time, UTC")
SRC_IP: Final = AddressField(
    name="src_ip",
    label="Source",
    side=Side.SOURCE,
    key="src",
    synonyms=("from",),
    examples=(
        Example("src:10.0.0.6", "from an address or a network"),
        Example("-src:private", "private stands for every network that is not public"),
    ),
)
SRC_PORT: Final = PortField(
    name="src_port",
    label="Source port",
    heading="Port",
    side=Side.SOURCE,
    is_number=True,
    key="sport",
    examples=(Example("sport:>=1024", "from a port; ranges such as >=1024, <1024 or 8000-8100"),),
)
DST_IP: Final = AddressField(
    name="dst_ip",
    label="Destination",
    side=Side.DESTINATION,
    key="dst",
    synonyms=("to",),
    examples=(Example("dst:10.0.0.0/8,2001:db8::/32", "to any of several destinations, separated by commas"),),
)
DST_PORT: Final = PortField(
    name="dst_port",
    label="Destination port",
    heading="Port",
    side=Side.DESTINATION,
    is_number=True,
    key="dport",
    examples=(Example("dport:22,3389", "to a port"),),
)
EITHER_IP: Final = AddressField(
    name="ip",
    origin=Origin.WORKED_OUT,
    in_lists=False,
    side=Side.EITHER,
    key="ip",
    synonyms=("addr", "address", "cidr", "subnet"),
    aliases=("net",),
    examples=(
        Example("ip:10.0.0.6", "an address at either end"),
        Example("-net:10.0.0.0/8", "a minus excludes: neither end is in this network"),
    ),
)
EITHER_PORT: Final = PortField(
    name="port",
    origin=Origin.WORKED_OUT,
    in_lists=False,
    side=Side.EITHER,
    key="port",
    examples=(Example("port:53", "a port at either end"),),
)
SERVICE: Final = ServiceField(
    name="service",
    origin=Origin.WORKED_OUT,
    in_lists=False,
    key="service",
    examples=(Example("service:tcp/443,udp/53", "a protocol together with the destination port"),),
)
PROTOCOL: Final = NumberField(
    name="protocol",
    label="Protocol",
    largest=PROTOCOL_MAX,
    names=PROTOCOLS,
    key="proto",
    synonyms=("protocol",),
    examples=(Example("proto:udp", "a protocol, by name or number"),),
)
DIRECTION: Final = WordField(
    name="direction",
    label="Direction",
    words=Direction,
    of_observer=True,
    key="direction",
    examples=(Example("direction:inbound", "inbound or outbound, as seen from the NIC"),),
)
DECISION: Final = WordField(
    name="decision",
    label="Decision",
    words=Decision,
    key="decision",
    synonyms=("action", "verdict"),
    examples=(Example("decision:deny", "allow or deny"),),
)
STATE: Final = WordField(
    name="state",
    label="State",
    words=State,
    key="state",
    examples=(Example("state:begin,end", "begin, continue, end or deny"),),
)
PACKETS: Final = NumberField(
    name="packets",
    label="Packets",
    origin=Origin.WORKED_OUT,
    value=_both_ways("packets"),
    largest=2 * _COUNTER_MAX,
    is_number=True,
    key="packets",
    examples=(Example("packets:<3", "packets in both directions together"),),
)
BYTES: Final = NumberField(
    name="bytes",
    label="Bytes",
    origin=Origin.WORKED_OUT,
    value=_both_ways("bytes"),
    largest=2 * _COUNTER_MAX,
    is_number=True,
    key="bytes",
    examples=(Example("bytes:>=1000000", "bytes in both directions together"),),
)
PACKETS_SENT: Final = NumberField(name="packets_src_to_dst", label="Packets sent", largest=_COUNTER_MAX, is_number=True)
BYTES_SENT: Final = NumberField(name="bytes_src_to_dst", label="Bytes sent", largest=_COUNTER_MAX, is_number=True)
PACKETS_BACK: Final = NumberField(name="packets_dst_to_src", label="Packets back", largest=_COUNTER_MAX, is_number=True)
BYTES_BACK: Final = NumberField(
    name="bytes_dst_to_src",
    label="Bytes back",
    largest=_COUNTER_MAX,
    is_number=True,
    key="reply",
    examples=(Example("reply:>0", "bytes from the destination only"),),
)
ANSWERED: Final = WordField(
    name="answered",
    label="Answered",
    origin=Origin.WORKED_OUT,
    value=answered,
    words=Answered,
    key="answered",
    examples=(Example("answered:yes", "yes, no or unmeasured: something answered, and not just to refuse"),),
)
RULE: Final = TextField(
    name="rule",
    label="Rule",
    repeats=True,
    of_observer=True,
    key="rule",
    examples=(
        Example("rule:DefaultRule_*", "a rule; * stands for anything, and case does not matter"),
        Example('rule:="Allow*"', "exactly this text, case and * included"),
    ),
)
MAC: Final = TextField(
    name="mac",
    label="NIC",
    repeats=True,
    of_observer=True,
    key="mac",
    synonyms=("card", "nic"),
    examples=(Example("mac:00-0D-3A-*", "a NIC, by its MAC address"),),
)
ENCRYPTION: Final = TextField(
    name="encryption",
    label="Encryption",
    repeats=True,
    key="encryption",
    examples=(Example("encryption:NX*", "the encryption, in VNet's terms"),),
)
ACL_ID: Final = TextField(
    name="acl_id",
    label="ACL",
    repeats=True,
    of_observer=True,
    key="acl",
    examples=(Example("acl:*", "VNet's aclID; * finds all that have one, -acl:* all that have none"),),
)
RESOURCE_ID: Final = TextField(
    name="resource_id",
    label="Resource",
    repeats=True,
    of_observer=True,
    key="resource",
    synonyms=("nsg",),
    examples=(Example("resource:*/networkSecurityGroups/web", "the NSG, or the target of the VNet flow log"),),
)
FLOW_LOG_ID: Final = TextField(
    name="flow_log_id",
    label="Flow log",
    repeats=True,
    of_observer=True,
    key="flowlog",
    examples=(Example("flowlog:*/flowLogs/east", "VNet's flow log"),),
)
COMMUNITY_ID: Final = Field(name="community_id", label="Community ID", origin=Origin.WORKED_OUT, value=_community_id)
HOST: Final = TextField(
    name="host",
    label="Host",
    repeats=True,
    of_observer=True,
    key="host",
    examples=(Example("host:web-*", "the machine whose agent saw it"),),
)
PROCESS: Final = TextField(
    name="process",
    label="Process",
    repeats=True,
    of_observer=True,
    key="process",
    examples=(Example("process:nginx", "the process that the agent saw at its own end"),),
)
SOURCE: Final = WordField(
    name="source",
    label="Source",
    words=RecordSource,
    repeats=True,
    of_observer=True,
    key="source",
    examples=(Example("source:vnet", "nsg, vnet or agent"),),
)
COUNTED: Final = WordField(
    name="counted",
    label="Counted",
    words=Counted,
    of_observer=True,
    key="counted",
    examples=(Example("counted:yes", "the records whose bytes count in sums: for each flow, those of one observer"),),
)
VERSION: Final = NumberField(
    name="version",
    label="Version",
    largest=_COUNTER_MAX,
    repeats=True,
    of_observer=True,
    is_number=True,
    key="version",
    examples=(Example("version:1", "the version of the log's format"),),
)
DIRECTION_BASIS: Final = WordField(
    name="direction_basis", label="Direction is known from", words=DirectionBasis, in_lists=False
)
COUNTER_SOURCE: Final = WordField(name="counter_source", label="Counters are from", words=CounterSource, in_lists=False)
LINKS: Final = tuple(
    NumberField(
        name=f"links_{what}", label=f"Connections {label}", largest=_COUNTER_MAX, is_number=True, in_lists=False
    )
    for what, label in (("established", "opened"), ("terminated", "closed"), ("failed", "failed"), ("live", "open"))
)
FIELDS: Final[tuple[Field, ...]] = (
    *(TIME, SRC_IP, SRC_PORT, DST_IP, DST_PORT, EITHER_IP, EITHER_PORT, SERVICE, PROTOCOL, DIRECTION, DECISION, STATE),
    *(PACKETS, BYTES, PACKETS_SENT, BYTES_SENT, PACKETS_BACK, BYTES_BACK, ANSWERED),
    *(RULE, MAC, ENCRYPTION, ACL_ID, RESOURCE_ID, FLOW_LOG_ID, COMMUNITY_ID, HOST, PROCESS, SOURCE, COUNTED, VERSION),
    *(DIRECTION_BASIS, COUNTER_SOURCE, *LINKS),
)
"""All fields, in the order in which lists offer them; what only agents know comes last."""
