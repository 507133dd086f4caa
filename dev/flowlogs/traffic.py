"""What a NIC sees: flows that begin, are reported every five minutes and end, and attempts that are denied.

Kinds and proportions follow published logs; counters are what has passed since the flow's last report
(nsg-flow-logs-overview, vnet-flow-logs-overview).
"""

import datetime as dt
import heapq
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

from dev.flowlogs.nics import Format, Load, Nic

_REPORT_EVERY = dt.timedelta(minutes=5)
_WINDOW = dt.timedelta(minutes=1)

type Address = IPv4Address | IPv6Address


class State(Enum):
    """What a tuple reports of its flow."""

    BEGIN = "begin"
    CONTINUE = "continue"
    END = "end"
    DENY = "deny"


class Direction(Enum):
    """As seen from the NIC."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class Counters:
    """What has passed since the flow's last report; sent is from the initiator."""

    packets_sent: int
    bytes_sent: int
    packets_received: int
    bytes_received: int


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow; its source is who began it."""

    source: Address
    source_port: int
    destination: Address
    destination_port: int
    protocol: int
    direction: Direction
    rule: str
    encryption: str


@dataclass(frozen=True, slots=True)
class Report:
    """One tuple's worth of news of a flow. Begins and denials have no counters."""

    time: dt.datetime
    flow: Flow
    state: State
    counters: Counters | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of flow: how often it comes, and what it looks like. None as a mean life: it is denied.

    Only VNet flow logs know the platform's and the network manager's rules.
    """

    weight: int
    direction: Direction
    port: int
    protocol: int
    rule: str
    mean_life: dt.timedelta | None
    vnet_only: bool = False


_TCP, _UDP = 6, 17
_KINDS = (
    _Kind(50, Direction.OUTBOUND, 443, _TCP, "DefaultRule_AllowInternetOutBound", dt.timedelta(seconds=20)),
    _Kind(15, Direction.OUTBOUND, 53, _UDP, "DefaultRule_AllowVnetOutBound", dt.timedelta(seconds=1)),
    _Kind(10, Direction.OUTBOUND, 123, _UDP, "PlatformRule", dt.timedelta(seconds=3), vnet_only=True),
    _Kind(10, Direction.OUTBOUND, 5432, _TCP, "DefaultRule_AllowVnetOutBound", dt.timedelta(minutes=12)),
    _Kind(15, Direction.INBOUND, 443, _TCP, "UserRule_allow-web", dt.timedelta(minutes=2)),
    _Kind(8, Direction.INBOUND, 3389, _TCP, "DefaultRule_DenyAllInBound", None),
    _Kind(2, Direction.INBOUND, 22, _TCP, "Internet_4b9ac3d8-5f6e-4c1b-9f0e-7d2a1c3b5e60", None, vnet_only=True),
)
_ENCRYPTIONS = ("NX", "NX", "NX", "X", "NX_LOCAL_DST", "NX_FALLBACK")
_BURST_SHARE = 0.1
_TWIN_SHARE = 0.05  # a repeated SYN is denied again within the same tick of the log's clock
_IPV6_SHARE = 0.03


class Traffic:
    """The traffic of one NIC, minute after minute; the same for the same seed."""

    def __init__(self, nic: Nic, seed: int) -> None:
        self._nic = nic
        self._random = random.Random(f"{seed} {nic.mac} {nic.format}")
        self._kinds = [kind for kind in _KINDS if nic.format is Format.VNET_4 or not kind.vnet_only]
        self._later: list[tuple[dt.datetime, int, Report]] = []
        self._order = itertools.count()

    def minute(self, start: dt.datetime) -> list[Report]:
        """Return the reports of the minute that begins at `start`, by time; starts must go up by a minute each."""
        for _ in range(self._new_flows()):
            for report in self._reports(start + self._random.random() * _WINDOW):
                heapq.heappush(self._later, (report.time, next(self._order), report))
        due = []
        while self._later and self._later[0][0] < start + _WINDOW:
            due.append(heapq.heappop(self._later)[2])
        return due

    def _new_flows(self) -> int:
        mean = self._nic.load.value
        if self._nic.load is Load.SPARSE:
            return self._random.choice((0, 0, 1, 2))
        # A burst of a busy NIC fills several log records of one time.
        burst = 4 if self._random.random() < _BURST_SHARE else 1
        return round(mean * burst * self._random.uniform(0.5, 1.5))

    def _reports(self, begin: dt.datetime) -> Iterator[Report]:
        kind = self._random.choices(self._kinds, [kind.weight for kind in self._kinds])[0]
        flow = self._flow(kind)
        if kind.mean_life is None:
            denied = Report(begin, flow, State.DENY)
            yield denied
            if self._random.random() < _TWIN_SHARE:
                yield denied
            return
        yield Report(begin, flow, State.BEGIN)
        end = begin + self._random.expovariate(1.0) * kind.mean_life
        report = begin + _REPORT_EVERY
        while report < end:
            yield Report(report, flow, State.CONTINUE, self._counters())
            report += _REPORT_EVERY
        yield Report(end, flow, State.END, self._counters())

    def _flow(self, kind: _Kind) -> Flow:
        there: Address = self._somewhere()
        here: Address = self._nic.address
        if self._random.random() < _IPV6_SHARE:
            there, here = IPv6Address(f"2603:1030::{there}"), IPv6Address(f"fd00:1::{here}")
        source, destination = (here, there) if kind.direction is Direction.OUTBOUND else (there, here)
        return Flow(
            source=source,
            source_port=self._random.randint(1024, 65535),
            destination=destination,
            destination_port=kind.port,
            protocol=kind.protocol,
            direction=kind.direction,
            rule=kind.rule,
            encryption=self._random.choice(_ENCRYPTIONS),
        )

    def _somewhere(self) -> IPv4Address:
        return IPv4Address("20.0.0.0") + self._random.randrange(1 << 22)

    def _counters(self) -> Counters:
        sent = int(self._random.lognormvariate(2.5, 1.5))
        received = int(
            sent * self._random.uniform(0.5, 3.0)
        )  # may be none: no answer, or nothing since the last report
        return Counters(sent, sent * self._random.randint(52, 900), received, received * self._random.randint(52, 1400))
