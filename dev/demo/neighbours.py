"""The neighbour's connections, as the flow log of this machine's NIC would tell of them.

The agent sees the same connections. They are the neighbour's own account of what it really did, so that what logs and
agents say can be joined.
"""

import datetime as dt
import json
from ipaddress import IPv4Address
from typing import Any

from dev.flowlogs.minutes import Minute, minute_of
from dev.flowlogs.nics import Format, Load, Nic
from dev.flowlogs.traffic import Counters, Direction, Flow, Report, State
from dev.neighbour import BYTES, Neighbour

NIC = Nic(Format.VNET_4, 201, Load.STEADY, "office")
"""The NIC of this machine, as far as the logs go."""
_NEWEST = dt.timedelta(seconds=4)  # as in all logs: what is newer comes in the next log record
_RULE = "UserRule_allow-neighbour"
_TCP = 6
_PACKETS = 5  # each way: to connect, a request or an answer, and to end


class NeighboursConnections:
    """What a neighbour did, told once."""

    def __init__(self, neighbour: Neighbour) -> None:
        self._neighbour = neighbour
        self._told = 0

    def minute(self, time: dt.datetime) -> Minute:
        """Return the log records of a time (aware) that tell of all connections since the last one."""
        lines = self._neighbour.log.read_text().splitlines(keepends=True)[self._told :]
        # The last line may not have been written whole yet.
        reports = [self._report(json.loads(line)) for line in lines if line.endswith("\n")]
        due = [report for report in reports if report.time <= time - _NEWEST]
        self._told += len(due)
        return minute_of(NIC, time, due)

    def _report(self, event: dict[str, Any]) -> Report:
        flow = Flow(
            source=IPv4Address(self._neighbour.address),
            source_port=event["port"],
            destination=IPv4Address(self._neighbour.machine),
            destination_port=self._neighbour.port,
            protocol=_TCP,
            direction=Direction.INBOUND,
            rule=_RULE,
            encryption="NX",
        )
        at = dt.datetime.fromtimestamp(event["time"] / 1000, dt.UTC)
        if event["event"] == "begin":
            return Report(at, flow, State.BEGIN)
        return Report(at, flow, State.END, Counters(_PACKETS, BYTES, _PACKETS, BYTES))
