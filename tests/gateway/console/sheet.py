"""A page as a test reads it: its links, the numbers that they carry, and its tables."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

import requests


@dataclass(slots=True)
class Link:
    """A link.

    Attributes:
        address: Where it leads.
        said: Its attributes.
        text: What stands on it.
    """

    address: str
    said: dict[str, str]
    text: str = ""


@dataclass(slots=True)
class Row:
    """A row of a table: what its cells say, and their links."""

    cells: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    kind: str = ""


class Sheet(HTMLParser):
    """What stands on a page.

    Attributes:
        links: All links.
        tables: The rows of each table's body, by the table's class.
        tags: How often each tag stands on it.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._open: list[Link] = []
        self._cell: str | None = None
        self.links: list[Link] = []
        self.tables: list[tuple[str, list[Row]]] = []
        self.tags: dict[str, int] = {}

    @classmethod
    def of(cls, response: requests.Response) -> Self:
        """Read an answer."""
        sheet = cls(response.request.path_url.partition("?")[0])
        sheet.feed(response.text)
        sheet.close()
        return sheet

    def counts(self, name: str) -> list[tuple[str, int]]:
        """Give the links that carry a number, with it."""
        return [(link.address, int(link.said[name])) for link in self.links if name in link.said]

    def rows(self, kind: str) -> list[Row]:
        """Give the rows of the table of a class, those of details apart."""
        return [
            row for each, rows in self.tables if each == kind for row in rows if row.kind != "details" and row.cells
        ]

    def link(self, **said: str) -> str | None:
        """Give the address of the link with these data attributes."""
        wanted = {f"data-{name}": value for name, value in said.items()}
        return next((link.address for link in self.links if wanted.items() <= link.said.items()), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in the beginning of an element."""
        said = {name: value or "" for name, value in attrs}
        self.tags[tag] = self.tags.get(tag, 0) + 1
        match tag:
            case "a":
                address = said.get("href", "")
                link = Link(self._path + address if address.startswith("?") else address, said)
                self.links.append(link)
                self._open.append(link)
                if self.tables and self.tables[-1][1]:
                    self.tables[-1][1][-1].links.append(link)
            case "table":
                self.tables.append((said.get("class", ""), []))
            case "tr" if self.tables:
                self.tables[-1][1].append(Row(kind=said.get("class", "")))
            case "td":
                self._cell = ""

    def handle_endtag(self, tag: str) -> None:
        """Take in the end of an element."""
        if tag == "a" and self._open:
            self._open.pop()
        elif tag == "td" and self._cell is not None:
            self.tables[-1][1][-1].cells.append(" ".join(self._cell.split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if self._cell is not None:
            self._cell += data
        if self._open:
            self._open[-1].text += data.strip()
