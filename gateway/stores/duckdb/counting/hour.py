"""What the records of one hour of a customer's have shown so far, and which of them count by it.

All of this only grows. So a record that counts may cease to, and one that does not never begins to, in whatever order
the records come.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from gateway.stores.duckdb.counting.batch import INBOUND, OUTBOUND, Array, Batch
from shared.flowlog.record import Source

type Flow = tuple[int, int, int, int]
"""A source, a destination, a protocol and a destination port."""
type Logged = tuple[int, str]
"""An address, and a NIC that logs it as the source of what goes out."""
_NONE: Final[AbstractSet[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    """What records show, as far as an hour had not shown it before.

    Attributes:
        logged: The addresses that NICs log as the sources of what goes out, each with the NIC.
        own: The addresses that logs have as the NIC's own: sources of what goes out, destinations of what comes in.
        flow_logs: By NIC, the VNet flow log whose id is first.
        opened: The flows that agents opened.
        forwarded: Those of the hour's `logged` that the NIC receives from, too, while another NIC logs the address.
    """

    logged: frozenset[Logged] = frozenset()
    own: frozenset[int] = frozenset()
    flow_logs: dict[str, str] = field(default_factory=dict)
    opened: frozenset[Flow] = frozenset()
    forwarded: frozenset[Logged] = frozenset()


@dataclass(slots=True)
class Hour:
    """What an hour has shown; attributes as those of `Shown`.

    Attributes:
        has_records: Whether records of it were stored before.
    """

    has_records: bool
    logged: dict[int, set[str]] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)
    flow_logs: dict[str, str] = field(default_factory=dict)
    opened: set[Flow] = field(default_factory=set)
    forwarded: set[Logged] = field(default_factory=set)
    _pairs: int = 0

    @property
    def size(self) -> int:
        """About how many things are kept of it."""
        return self._pairs + len(self.own) + len(self.flow_logs) + len(self.opened) + len(self.forwarded) + 50

    def learn(self, shown: Shown) -> None:
        """Take in what records show."""
        for address, nic in shown.logged:
            self.logged.setdefault(address, set()).add(nic)
        self._pairs += len(shown.logged)
        self.own |= shown.own
        self.flow_logs |= shown.flow_logs
        self.opened |= shown.opened
        self.forwarded |= shown.forwarded

    def several(self, addresses: Iterable[int]) -> set[int]:
        """Return those of the addresses that more than one NIC logs."""
        return {address for address in addresses if len(self.logged.get(address, ())) > 1}

    def forwards(self, received: Iterable[Logged]) -> frozenset[Logged]:
        """Return what is forwarded, as far as it was not known, by NICs that receive from addresses."""
        return frozenset(
            (address, nic)
            for address, nic in received
            if len(nics := self.logged.get(address, _NONE)) > 1 and nic in nics
        ).difference(self.forwarded)

    def new_in(self, batch: Batch, here: Array) -> Shown:
        """Return what some measured records of a batch show; of `forwarded` nothing.

        Args:
            batch: The batch.
            here: The places of the records.
        """
        is_agent = batch.from_agents()[here]
        directions = batch.directions[here]
        going, coming = here[~is_agent & (directions == OUTBOUND)], here[~is_agent & (directions == INBOUND)]
        logged = frozenset(each for each in _logged(batch, going) if each[1] not in self.logged.get(each[0], _NONE))
        own = {*_addresses(batch, batch.sources[going]), *_addresses(batch, batch.destinations[coming])}
        opened = {_flow(batch, place) for place in here[is_agent & (directions == OUTBOUND)].tolist()}
        return Shown(logged, frozenset(own - self.own), self._first_logs(batch, here), frozenset(opened - self.opened))

    def verdicts(self, batch: Batch, here: Array) -> Array:
        """Return for some measured records of a batch, all of which this hour has learnt of, whether they count."""
        is_agent, directions = batch.from_agents()[here], batch.directions[here]
        counts = np.array([self._takes(batch, each) for each in range(len(batch.observers))], bool)[
            batch.observed[here]
        ]
        coming = ~is_agent & (directions == INBOUND)
        logged = np.zeros(len(batch.addresses), bool)
        for place in np.unique(batch.sources[here[coming]]).tolist():
            logged[place] = batch.addresses[place] in self.logged
        counts &= ~(coming & logged[batch.sources[here]])
        if self.forwarded:
            counts &= ~np.array([self._forwards(batch, place) for place in here.tolist()], bool)
        for at in np.flatnonzero(is_agent).tolist():
            counts[at] = self._takes_of_agent(batch, int(here[at]))
        return counts

    def _first_logs(self, batch: Batch, here: Array) -> dict[str, str]:
        first: dict[str, str] = {}
        for number in np.unique(batch.observed[here]).tolist():
            observer = batch.observers[number]
            if observer.source is Source.VNET:
                known = first.get(observer.nic, self.flow_logs.get(observer.nic))
                if known is None or observer.flow_log < known:
                    first[observer.nic] = observer.flow_log
        return first

    def _takes(self, batch: Batch, number: int) -> bool:
        """Return whether an observer is the one of its NIC's logs whose records count."""
        observer = batch.observers[number]
        first = self.flow_logs.get(observer.nic)
        return observer.is_agent or first is None or (observer.source is Source.VNET and observer.flow_log == first)

    def _forwards(self, batch: Batch, place: int) -> bool:
        if batch.directions[place] != OUTBOUND:
            return False
        observer = batch.observers[batch.observed[place]]
        return (batch.addresses[batch.sources[place]], observer.nic) in self.forwarded

    def _takes_of_agent(self, batch: Batch, place: int) -> bool:
        source, destination, protocol, _ = flow = _flow(batch, place)
        if source in self.own or destination in self.own:
            return False
        direction = batch.directions[place]
        if direction == OUTBOUND:
            return True
        turned = (destination, source, protocol, int(batch.source_ports[place]))
        return flow not in self.opened and (direction == INBOUND or turned not in self.opened)


def received(batch: Batch, here: Array) -> set[Logged]:
    """Return the addresses that NICs receive from, each with the NIC, as some records of a batch show."""
    return _logged(batch, here[~batch.from_agents()[here] & (batch.directions[here] == INBOUND)])


def _logged(batch: Batch, here: Array) -> set[Logged]:
    pairs = np.unique(batch.sources[here].astype(np.int64) * len(batch.observers) + batch.observed[here]).tolist()
    return {
        (batch.addresses[pair // len(batch.observers)], batch.observers[pair % len(batch.observers)].nic)
        for pair in pairs
    }


def _addresses(batch: Batch, places: Array) -> set[int]:
    return {batch.addresses[place] for place in np.unique(places).tolist()}


def _flow(batch: Batch, place: int) -> Flow:
    source, destination = batch.sources[place], batch.destinations[place]
    return (
        batch.addresses[source],
        batch.addresses[destination],
        int(batch.protocols[place]),
        int(batch.destination_ports[place]),
    )
