"""What the help at the search box says: an example of each key."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Example:
    """A search and what it finds."""

    text: str
    meaning: str


EXAMPLES: Final = (
    Example("10.0.0.6", "an address at either end; a network (10.0.0.0/8) or a port (3389) works too"),
    Example("src:10.0.0.6", "from an address or a network"),
    Example("dst:10.0.0.0/8,2001:db8::/32", "to any of several, separated by commas"),
    Example("ip:10.0.0.6", "an address at either end"),
    Example("-net:10.0.0.0/8", "a minus excludes: neither end is in this network"),
    Example("-src:private", "private stands for every network that is not public"),
    Example("dport:22,3389", "to a port"),
    Example("sport:>=1024", "from a port; ranges as >=1024, <1024 or 8000-8100"),
    Example("port:53", "a port at either end"),
    Example("service:tcp/443,udp/53", "a protocol together with the port it is to"),
    Example("proto:udp", "a protocol, by name or number"),
    Example("decision:deny", "allow or deny"),
    Example("direction:inbound", "inbound or outbound, as seen from the NIC"),
    Example("state:begin,end", "begin, continue, end or deny"),
    Example("bytes:>=1000000", "bytes in both directions together"),
    Example("packets:<3", "packets in both directions together"),
    Example("reply:>0", "bytes from the destination alone: something answered"),
    Example("rule:DefaultRule_*", "a rule; * stands for anything, and case does not matter"),
    Example('rule:="Allow*"', "exactly this text, case and * included"),
    Example("mac:00-0D-3A-*", "a NIC, by its MAC address"),
    Example("resource:*/networkSecurityGroups/web", "the NSG, or the target of the VNet flow log"),
    Example("acl:*", "VNet's aclID; * finds all that have one, -acl:* all that have none"),
    Example("flowlog:*/flowLogs/east", "VNet's flow log"),
    Example("encryption:NX*", "the encryption, in VNet's terms"),
    Example("host:web-*", "the machine whose agent saw it"),
    Example("process:nginx", "the process that the agent saw at its own end"),
    Example("source:vnet", "nsg, vnet or agent"),
    Example("counted:yes", "the records whose bytes count in sums: for each flow, those of one observer"),
    Example("version:1", "the version of the log's format"),
)
