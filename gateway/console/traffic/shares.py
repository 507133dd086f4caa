"""The shares of the largest groups in the total."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.figures import share
from gateway.console.traffic.columns import opposite
from gateway.traffic.terms import Addresses, Patterns, Services, Term
from gateway.traffic.top import Group, Measure, Top


@dataclass(frozen=True, slots=True)
class Shares:
    """Computes shares in per cent, by what groups are ordered by."""

    top: Top
    measure: Measure

    @property
    def others(self) -> tuple[Term, ...]:
        """What selects the records of all other groups; nothing where a group takes two terms, as a pair does."""
        if any(len(group.terms) != 1 for group in self.top.groups):
            return ()
        return _all_but([group.terms[0] for group in self.top.groups])

    @property
    def other_share(self) -> float:
        """The part of all other groups."""
        return share(self._measured(self.top.other_records, self.top.other_bytes), self._whole)

    def share(self, group: Group) -> float:
        """Return the part of a group."""
        return share(self._measured(group.records, group.bytes), self._whole)

    @property
    def _whole(self) -> int:
        others = self._measured(self.top.other_records, self.top.other_bytes)
        return others + sum(self._measured(group.records, group.bytes) for group in self.top.groups)

    def _measured(self, records: int, size: int) -> int:
        return size if self.measure is Measure.BYTES else records


def _all_but(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return terms that hold where none of these does, those of one kind as one, so that people can read them."""
    addresses = [term for term in terms if isinstance(term, Addresses)]
    services = [term for term in terms if isinstance(term, Services)]
    texts = [term for term in terms if isinstance(term, Patterns) and not term.negated]
    others: list[Term] = [opposite(term) for term in terms if isinstance(term, Patterns) and term.negated]
    if addresses:
        networks = tuple(network for term in addresses for network in term.networks)
        others.append(Addresses(addresses[0].side, networks, negated=True))
    if services:
        others.append(Services(tuple(pair for term in services for pair in term.pairs), negated=True))
    if texts:
        patterns = tuple(pattern for term in texts for pattern in term.patterns)
        others.append(Patterns(texts[0].field, patterns, negated=True))
    return tuple(others)
