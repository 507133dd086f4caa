"""What a field is: its kind says how it is searched for, and its origin where its value comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any

type Record = Mapping[str, Any]
"""A flow record, with `counted`, which says whether its bytes count, and `customer`, the number of whose it is."""


class Side(StrEnum):
    """The end of a flow that a term is about."""

    SOURCE = "source"
    DESTINATION = "destination"
    EITHER = "either"


class Origin(Enum):
    """Where a field's value comes from.

    Attributes:
        STORED: From the record itself: the store has a column for it, which one step of its schema made.
        WORKED_OUT: From stored fields of the record, by `Field.value`; a store that can search by it does the same.
        LOOKED_UP: From what is known besides the record; a search by it becomes one by stored fields.
    """

    STORED = auto()
    WORKED_OUT = auto()
    LOOKED_UP = auto()


@dataclass(frozen=True, slots=True)
class Example:
    """A search and what it finds."""

    text: str
    meaning: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Field:
    """A field of a flow record; each is itself alone.

    Attributes:
        name: What it is called in the record, in the address of a page as a column, and in the store.
        label: What people call it.
        heading: The same at the head of a list, where the column before it helps to understand it.
        origin: Where its value comes from.
        value: Gives its value, of a record that may lack it; by default what the record has under its name.
        key: The key of a search; empty where no search is by it.
        aliases: Further keys for the same.
        synonyms: What other tools call the key: whoever writes one is told ours.
        examples: Searches by it, for the help at the search box.
        in_lists: Whether lists can show it; what has a label but is not in lists is shown with all else of a record.
        is_number: Whether it is aligned as numbers are.
        repeats: Whether many records share each value, so that a store has each value once.
        of_observer: Whether it differs between those that saw the same flow.
    """

    name: str
    label: str = ""
    heading: str = ""
    origin: Origin = Origin.STORED
    value: Callable[[Record], Any] | None = None
    key: str = ""
    aliases: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    in_lists: bool = True
    is_number: bool = False
    repeats: bool = False
    of_observer: bool = False

    def of(self, record: Record) -> Any:  # noqa: ANN401 - whatever the field has
        """Return its value in a record; None for what is absent."""
        return record.get(self.name) if self.value is None else self.value(record)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AddressField(Field):
    """An address, searched for by networks."""

    side: Side


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PortField(Field):
    """A port, searched for by ranges."""

    side: Side


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ServiceField(Field):
    """A protocol with a destination port."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NumberField(Field):
    """A number, searched for by ranges.

    Attributes:
        largest: The largest that it can be; an open range ends there.
        names: What some numbers are called, if any have names.
    """

    largest: int
    names: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WordField(Field):
    """A word of a closed set.

    Attributes:
        words: The set.
    """

    words: type[StrEnum]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TextField(Field):
    """A text, searched for by patterns.

    Attributes:
        select: Of a field that is looked up: given a customer's number and patterns, returns the term about stored
            fields that holds where one of the patterns fits. (A term of `gateway.traffic.terms`, which know fields.)
    """

    select: Callable[[int, tuple[Any, ...]], Any] | None = None

    def selected(self, customer: int, patterns: tuple[Any, ...]) -> Any:  # noqa: ANN401 - a term, as above
        """Return the term about stored fields that holds where one of some patterns fits the text that is looked up.

        Raises:
            TypeError: The field is not looked up.
        """
        if self.select is None:
            raise TypeError(f"{self.name} is not looked up.")
        return self.select(customer, patterns)
