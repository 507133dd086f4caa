"""Which blueprints are ticked on a machine's page, saved or not."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gateway.console.forms import whole_number
from gateway.stores.blueprints import Blueprint


@dataclass(frozen=True, slots=True)
class Choice:
    """A blueprint that may be ticked.

    Attributes:
        blueprint: The blueprint.
        shown: Whether the filter lets it through.
        applied: Whether it is applied to the machine, as saved.
        ticked: Whether it is ticked on the page, which may not be saved yet.
    """

    blueprint: Blueprint
    shown: bool
    applied: bool
    ticked: bool

    @property
    def hidden_change(self) -> bool:
        """Whether the filter hides a tick that was set or removed, and is not saved yet."""
        return not self.shown and self.ticked != self.applied


@dataclass(frozen=True, slots=True)
class Ticks:
    """The ticks of a page.

    Attributes:
        listed: The numbers of the blueprints that the page had a box for; the ticks of all others stay as they are.
        ticked: The numbers of those that are ticked.
    """

    listed: frozenset[int]
    ticked: frozenset[int]

    @property
    def removed(self) -> frozenset[int]:
        """The numbers of those that are not ticked."""
        return self.listed - self.ticked


def ticks_of(listed: Iterable[str], ticked: Iterable[str]) -> Ticks:
    """Read the fields `listed` and `applied`, of a form or an address."""
    boxes = _numbers(listed)
    return Ticks(boxes, boxes & _numbers(ticked))


def choices(blueprints: Sequence[Blueprint], applied: Collection[int], ticks: Ticks, wanted: str) -> list[Choice]:
    """Return all blueprints to choose from.

    Args:
        blueprints: The customer's blueprints.
        applied: The numbers of those that are applied to the machine.
        ticks: The ticks of the page that was filtered.
        wanted: Part of the names to show.
    """
    on = frozenset(applied) - ticks.removed | ticks.ticked
    return [
        Choice(each, wanted.casefold() in each.content.name.casefold(), each.number in applied, each.number in on)
        for each in blueprints
    ]


def _numbers(texts: Iterable[str]) -> frozenset[int]:
    return frozenset(number for text in texts if (number := whole_number(text)) is not None)
