"""Files of requirements, as `make lock` writes them."""

import re
from dataclasses import dataclass
from pathlib import Path

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_BROUGHT_BY = re.compile(r"^    #(?: via|  ) *(\S+)?")


@dataclass(frozen=True, slots=True)
class Pin:
    """A package at its version.

    Attributes:
        name: The package.
        version: Its version.
        brought_by: The packages that need it, and `sluice` where we do.
    """

    name: str
    version: str
    brought_by: frozenset[str]


def read_pins(path: Path) -> list[Pin]:
    """Return the packages that a file of requirements pins."""
    found: list[tuple[str, str, set[str]]] = []
    for line in path.read_text().splitlines():
        pin, needed = _PIN.match(line), _BROUGHT_BY.match(line)
        if pin:
            found.append((pin[1], pin[2], set()))
        elif needed and needed[1]:
            found[-1][2].add(needed[1])
    return [Pin(name, version, frozenset(brought_by)) for name, version, brought_by in found]
