"""The columns of the traffic list: what each shows of a flow record, and which search finds the same."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any, Final

from gateway.traffic.field import AddressField, Field, NumberField, PortField, Record, TextField, WordField
from gateway.traffic.fields import (
    BYTES,
    DECISION,
    DIRECTION,
    DST_IP,
    DST_PORT,
    FIELDS,
    PROTOCOL,
    RULE,
    SRC_IP,
    SRC_PORT,
    STATE,
    TIME,
)
from gateway.traffic.terms import Addresses, Numbers, Pattern, Patterns, Ports, Term, Words


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list, which shows a field."""

    field: Field

    @property
    def label(self) -> str:
        """What it is."""
        return self.field.label

    @property
    def heading(self) -> str:
        """The same for the list's head, where the column before it helps to understand it."""
        return self.field.heading or self.field.label

    @property
    def is_number(self) -> bool:
        """Whether it is aligned as numbers are."""
        return self.field.is_number

    def value(self, record: Record) -> Any:  # noqa: ANN401 - whatever the field has
        """Return what it shows of a record; None for what is absent."""
        value = self.field.of(record)
        if isinstance(self.field, NumberField):
            return next((name for name, number in self.field.names.items() if number == value), value)
        return value

    def term(self, record: Record) -> Term | None:  # noqa: PLR0911 - one a kind of field
        """Return the term that selects the records which have the same; None where no search does."""
        value = self.field.of(record)
        match self.field:
            case Field(key=""):
                return None
            case AddressField(side=side):
                return Addresses(side, (ip_network(value),))
            case PortField(side=side):
                return None if value is None else Ports(side, ((value, value),))
            case NumberField(largest=largest) as field:
                known = ((0, largest),) if value is None else ((value, value),)
                return Numbers(field, known, negated=value is None)
            case WordField(words=words) as field:
                return Words(field, tuple(words) if value is None else (value,), negated=value is None)
            case TextField() as field:
                pattern = Pattern("*") if value is None else Pattern(value, exact=True)
                return Patterns(field, (pattern,), negated=value is None)
        return None


def opposite(term: Term) -> Term:
    """Return the exact opposite of a term."""
    return replace(term, negated=not term.negated)


DETAILS: Final[Mapping[str, Column]] = {field.name: Column(field) for field in FIELDS if field.label}
"""All that is shown of a record, by name."""
COLUMNS: Final[Mapping[str, Column]] = {name: column for name, column in DETAILS.items() if column.field.in_lists}
"""All columns, by their names in the address, which are the flow record's keys where there is one."""
DEFAULT_COLUMNS: Final = tuple(
    field.name
    for field in (
        *(TIME, SRC_IP, SRC_PORT, DST_IP, DST_PORT, PROTOCOL),
        *(DIRECTION, DECISION, STATE, BYTES, RULE),
    )
)
