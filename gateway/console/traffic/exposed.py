"""Ports that the internet was allowed to reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.console.links import TOP, narrowed_url, records_url
from gateway.console.traffic.view import View
from gateway.traffic.basis import AS_LOGGED
from gateway.traffic.exposed import WAS_ANSWERED, WAS_NOT_ANSWERED, ExposedPort
from gateway.traffic.question import Question
from gateway.traffic.store import Questions
from gateway.traffic.top import Dimension

_TCP: Final = {
    21: "FTP",
    22: "SSH",
    23: "Telnet",
    25: "SMTP",
    53: "DNS",
    80: "HTTP",
    135: "RPC",
    139: "NetBIOS",
    389: "LDAP",
    443: "HTTPS",
    445: "SMB",
    636: "LDAPS",
    1433: "SQL Server",
    1521: "Oracle",
    2375: "Docker",
    3306: "MySQL",
    3389: "RDP",
    5432: "PostgreSQL",
    5900: "VNC",
    5985: "WinRM",
    5986: "WinRM over TLS",
    6379: "Redis",
    6443: "Kubernetes",
    8080: "HTTP",
    8443: "HTTPS",
    9200: "Elasticsearch",
    11211: "Memcached",
    27017: "MongoDB",
}
_UDP: Final = {53: "DNS", 161: "SNMP", 389: "LDAP", 443: "HTTP/3", 3389: "RDP", 11211: "Memcached"}
_SERVICES: Final[Mapping[str, Mapping[int, str]]] = {"tcp": _TCP, "udp": _UDP}
"""What usually listens on a protocol's port; the flow log does not say what did."""
_FOR_EVERYBODY: Final = frozenset({25, 53, 80, 443, 8080, 8443})
"""All others are for managing machines, or for databases."""


@dataclass(frozen=True, slots=True)
class _Links:
    """Where the numbers of a port lead."""

    rows: str | None
    answered: str | None
    unanswered: str | None
    sources: str | None
    destinations: str | None


def answer(records: Questions, question: Question, view: View) -> Mapping[str, Any]:
    ports = records.exposed_ports(question)
    return {
        "ports": [(port, _service(port), _links(view, port)) for port in ports.rows],
        "basis": AS_LOGGED,
        "others": ports.others,
    }


def _service(port: ExposedPort) -> tuple[str, str, bool]:
    """Return the port's name, what usually listens there, and whether that is rarely meant to be public."""
    services = _SERVICES.get(port.protocol, {})
    name = f"{port.protocol} {port.port}" if services or port.port else port.protocol
    return name, services.get(port.port, ""), port.port in services and port.port not in _FOR_EVERYBODY


def _links(view: View, port: ExposedPort) -> _Links:
    fixed = view.fixed()
    return _Links(
        records_url(view, *port.terms),
        records_url(view, *port.terms, WAS_ANSWERED),
        records_url(view, *port.terms, WAS_NOT_ANSWERED),
        *(narrowed_url(fixed, TOP, *port.terms, by=by) for by in (Dimension.SOURCE, Dimension.DESTINATION)),
    )
