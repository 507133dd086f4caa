"""An hour of synthetic logs of several NICs, at a speed that takes about a minute."""

import datetime as dt
import random
import time
from collections.abc import Callable

from dev.demo.ledger import Aside, Ledger
from dev.demo.neighbours import NIC, NeighboursConnections
from dev.event_grid import BlobCreated
from dev.flowlogs.nics import Format, Load, Nic
from dev.flowlogs.writer import Appended, FlowLogWriter
from dev.neighbour import Neighbour
from dev.rig import Rig

MINUTES = 60
SECONDS_A_MINUTE = 1.0
_SWEEP_EVERY = 10  # minutes, as the timer's schedule says
_BAD_SHARE = 0.0003
_LOADS = (Load.DENSE, Load.STEADY, Load.STEADY, Load.SPARSE)
_NICS = tuple(
    Nic(form, number, load, network)
    for form, network, first in ((Format.NSG_2, "shop", 1), (Format.VNET_4, "office", 101))
    for number, load in enumerate(_LOADS, start=first)
)


def write_logs(  # noqa: PLR0913 - what logs can differ in
    rig: Rig,
    hour: dt.datetime,
    seed: int,
    ledger: Ledger,
    progress: Callable[[int], None],
    *,
    minutes: int = MINUTES,
    seconds_a_minute: float = SECONDS_A_MINUTE,
    neighbour: Neighbour | None = None,
) -> None:
    """Write the logs of so many minutes from `hour` (aware), tell of every commit, and sweep as often as in Azure.

    A minute takes `seconds_a_minute`, or as long as it needs. `progress` is called with the number of minutes done.
    What a neighbour did in the meantime is logged at its real time.
    """
    writer = FlowLogWriter(rig.log_service, seed, _BAD_SHARE)
    connections = None if neighbour is None else NeighboursConnections(neighbour)
    chance = random.Random(seed)
    began = time.monotonic()
    for minute in range(minutes):
        for nic in chance.sample(_NICS, len(_NICS)):
            _enter(rig, writer.write_minute(nic, hour + dt.timedelta(minutes=minute)), ledger)
        if (minute + 1) % _SWEEP_EVERY == 0:
            if connections is not None:
                _enter(rig, writer.write(NIC, connections.minute(dt.datetime.now(dt.UTC))), ledger)
            rig.host.invoke("sweep")
        progress(minute + 1)
        time.sleep(max(0.0, began + (minute + 1) * seconds_a_minute - time.monotonic()))


def _enter(rig: Rig, written: Appended | None, ledger: Ledger) -> None:
    if written is None:
        return
    commit, now = written.commit, dt.datetime.now(dt.UTC)
    asides = {Aside(commit.name, "tuple", text): count for text, count in written.set_aside.items()}
    ledger.enter(commit, now, written.flow_records, asides)
    rig.events.publish(BlobCreated(commit.url, commit.container, commit.name, commit.etag, commit.size, now))
