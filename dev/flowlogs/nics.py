"""NICs, and the names that Azure gives their logs (flow-logs-read, vnet-flow-logs-overview)."""

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address

SUBSCRIPTION = "6a3b0e54-90c1-4f5e-8d27-2c1d5e7f9a10"
"""The subscription that all of them are in."""
REGION = "westeurope"
"""The region that all of them are in."""
_ZERO_ACL = "00000000-0000-0000-0000-000000000000"


class Format(Enum):
    """A flow log's format; the value is its version number."""

    NSG_1 = 1
    NSG_2 = 2
    VNET_4 = 4


class Load(Enum):
    """How busy a NIC is; the value is the mean number of new flows per minute."""

    SPARSE = 1
    STEADY = 25
    DENSE = 450


@dataclass(frozen=True, slots=True)
class Nic:
    """One NIC; `number` (0 to 65535) makes its addresses, `network` names the group or network it is in."""

    format: Format
    number: int
    load: Load
    network: str = "shop"

    @property
    def mac(self) -> str:
        return f"002248{self.number:06X}"

    @property
    def address(self) -> IPv4Address:
        return IPv4Address("10.1.0.4") + self.number

    @property
    def container(self) -> str:
        if self.format is Format.VNET_4:
            return "insights-logs-flowlogflowevent"
        return "insights-logs-networksecuritygroupflowevent"

    @property
    def security_group(self) -> str:
        """The network security group's id, in mixed case."""
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.network}"
        return f"{group}/providers/Microsoft.Network/networkSecurityGroups/{self.network}-nsg"

    @property
    def resource_id(self) -> str:
        """What the log is of: an NSG's log writes it in upper case, a VNet's as it is."""
        if self.format is not Format.VNET_4:
            return self.security_group.upper()
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.network}"
        return f"{group}/providers/Microsoft.Network/virtualNetworks/{self.network}-vnet"

    @property
    def flow_log_id(self) -> str | None:
        """The VNet flow log's id, which is in upper case."""
        if self.format is not Format.VNET_4:
            return None
        watcher = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network"
        return f"{watcher}/networkWatchers/NetworkWatcher_{REGION}/flowLogs/{self.network}-flowlog".upper()

    def acl_id(self, rule: str) -> str | None:
        """Return the id that a VNet's log puts beside a rule: the platform's rules belong to no group."""
        if self.format is not Format.VNET_4:
            return None
        return _ZERO_ACL if rule == "PlatformRule" else self.security_group

    def blob_name(self, time: dt.datetime) -> str:
        """Return the name of the blob for the hour that `time` (aware) is in."""
        if self.format is Format.VNET_4:
            log = f"{SUBSCRIPTION}_NETWORKWATCHERRG/NETWORKWATCHER_{REGION}_{self.network}-FLOWLOG".upper()
            resource = f"flowLogResourceID=/{log}"
        else:
            resource = f"resourceId={self.resource_id}"
        hour = time.astimezone(dt.UTC)
        return f"{resource}/{hour:y=%Y/m=%m/d=%d/h=%H}/m=00/macAddress={self.mac}/PT1H.json"
