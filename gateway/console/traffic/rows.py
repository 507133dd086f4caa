"""One row of the list, its details included."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final, Self

from gateway.console.figures import day
from gateway.console.links import RECORD, TRAFFIC, narrowed_url, view_url, within_url
from gateway.console.traffic.columns import COLUMNS, DETAILS, opposite
from gateway.console.traffic.view import View
from gateway.traffic.field import Side
from gateway.traffic.fields import COUNTED, PROTOCOL, Counted
from gateway.traffic.paging import Kept, RecordKey, written_key
from gateway.traffic.terms import Addresses, Numbers, Ports, Search, Term

_AROUND_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A column's value for a record.

    Attributes:
        name: The column's name.
        value: What it shows; None for what is absent.
        only: The address of the records with the same value.
        but: The address of those with another.
    """

    name: str
    value: Any
    only: str | None
    but: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A record in the list.

    Attributes:
        record: The flow record, as fields take it.
        key: Where it is.
        view: What the page shows.
    """

    record: Mapping[str, Any]
    key: RecordKey
    view: View

    @classmethod
    def of(cls, kept: Kept, view: View, customer: int) -> Self:
        """Return the row of a customer's flow record."""
        besides = {COUNTED.name: Counted.YES if kept.counted else Counted.NO, "customer": customer}
        return cls({**kept.record, **besides}, kept.key, view)

    @property
    def day(self) -> str:
        """The day that it is from, in UTC."""
        return day(self.record["time"])

    def url(self) -> str:
        """Return the address of the page of the record."""
        return view_url(self.view, RECORD, at=written_key(self.key))

    def cells(self) -> Iterator[Cell]:
        """Return the cells of the columns that are shown."""
        return map(self.cell, self.view.columns)

    def details(self) -> Iterator[Cell]:
        """Return all details of the record."""
        return (self.cell(name) for name in DETAILS if name in COLUMNS or name in self.record)

    def cell(self, name: str) -> Cell:
        """Return the cell of a column."""
        column = DETAILS[name]
        value, term = column.value(self.record), column.term(self.record)
        if term is None:
            return Cell(name, value, None, None)
        return Cell(name, value, *(narrowed_url(self.view, TRAFFIC, each) for each in (term, opposite(term))))

    def flow_url(self) -> str:
        """Return the address of all records of the same flow, whatever else is searched for."""
        record = self.record
        port = record["src_port"]
        terms: tuple[Term, ...] = (
            Addresses(Side.SOURCE, (ip_network(record["src_ip"]),)),
            *(() if port is None else (Ports(Side.SOURCE, ((port, port),)),)),
            Addresses(Side.DESTINATION, (ip_network(record["dst_ip"]),)),
            Ports(Side.DESTINATION, ((record["dst_port"], record["dst_port"]),)),
            Numbers(PROTOCOL, ((record["protocol"], record["protocol"]),)),
        )
        return view_url(self.view, TRAFFIC, q=str(Search(terms)))

    def around_url(self) -> str:
        """Return the address of everything within a minute of it."""
        time = self.record["time"]
        return within_url(self.view, TRAFFIC, time - _AROUND_MS, time + _AROUND_MS, q="")
