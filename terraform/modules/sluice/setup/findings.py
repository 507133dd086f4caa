"""What preflight found: a table for people, or JSON for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum

from speaking import on_one_line


class State(Enum):
    """How something is: MISSING stops an installation or leaves it without records; UNSURE may matter later."""

    OK = "ok"
    MISSING = "missing"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: how it is.
        what: what was looked at.
        finding: the same in a sentence, and what to do about it.
    """

    state: State
    what: str
    finding: str


@dataclass
class Findings:
    """All of it, in the order in which it was looked at."""

    each: list[Finding] = field(default_factory=list)

    def ok(self, what: str, finding: str) -> None:
        """Note what is as it should be."""
        self.each.append(Finding(State.OK, what, finding))

    def missing(self, what: str, finding: str) -> None:
        """Note what is missing."""
        self.each.append(Finding(State.MISSING, what, finding))

    def unsure(self, what: str, finding: str) -> None:
        """Note what could not be read, or may matter later."""
        self.each.append(Finding(State.UNSURE, what, finding))

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return all(one.state is not State.MISSING for one in self.each)

    def table(self) -> str:
        """A line for each."""
        width = max((len(one.what) for one in self.each), default=0)
        return "".join(
            f"{one.state.value:<8} {on_one_line(one.what):<{width}}  {on_one_line(one.finding)}\n" for one in self.each
        )

    def as_json(self) -> str:
        """The same for a program."""
        checks = [{"state": one.state.value, "what": one.what, "finding": one.finding} for one in self.each]
        return json.dumps({"ready": self.ready, "checks": checks}, indent=2) + "\n"
