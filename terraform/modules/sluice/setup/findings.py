"""What preflight found: a table for people, or JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from speaking import on_one_line

OK, MISSING, UNSURE = "ok", "missing", "unsure"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: `ok`; `missing`, which stops an installation or leaves it without records; `unsure`, which could not be
            read or may matter later.
        what: what was looked at.
        finding: how it is, and what to do about it.
    """

    state: str
    what: str
    finding: str


@dataclass
class Findings:
    """All of it, in the order in which it was looked at."""

    each: list[Finding] = field(default_factory=list)

    def ok(self, what: str, finding: str) -> None:
        """Note what is as it should be."""
        self.each.append(Finding(OK, what, finding))

    def missing(self, what: str, finding: str) -> None:
        """Note what is missing."""
        self.each.append(Finding(MISSING, what, finding))

    def unsure(self, what: str, finding: str) -> None:
        """Note what could not be read, or may matter later."""
        self.each.append(Finding(UNSURE, what, finding))

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return all(one.state != MISSING for one in self.each)

    def table(self) -> str:
        """A line for each."""
        width = max((len(one.what) for one in self.each), default=0)
        lines = (f"{one.state:<8} {on_one_line(one.what):<{width}}  {on_one_line(one.finding)}\n" for one in self.each)
        return "".join(lines)

    def as_json(self) -> str:
        """The same for a program."""
        return json.dumps({"ready": self.ready, "checks": [asdict(one) for one in self.each]}, indent=2) + "\n"
