"""Networks that have a name in a search."""

from ipaddress import ip_network
from typing import Final

NOT_PUBLIC: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "168.63.129.16/32",
            "::/127",
            "64:ff9b:1::/48",
            "100::/64",
            "2001:db8::/32",
            "fc00::/7",
            "fe80::/10",
            "ff00::/8",
        ),
    )
)
"""Networks that no host on the internet sends from (IANA's special-purpose registries, RFC 6890), and Azure's own
address for probes and name resolution ("What is IP address 168.63.129.16?")."""
PRIVATE: Final = "private"
"""The name of all of them in a search."""
