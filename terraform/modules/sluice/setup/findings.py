"""What preflight found: a table for people, or JSON for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum

from speaking import on_one_line


class State(Enum):
    """The state of something: MISSING stops an installation or leaves it without records; UNSURE may matter later."""

    OK = "ok"
    MISSING = "missing"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Attributes:
        state: Its state.
        what: What was checked.
        finding: The state in a sentence, and what to do about it.
    """

    state: State
    what: str
    finding: str


@dataclass
class Findings:
    """All findings, in the order of the checks."""

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
        """Return a line for each."""
        width = max((len(one.what) for one in self.each), default=0)
        return "".join(
            f"{one.state.value:<8} {on_one_line(one.what):<{width}}  {on_one_line(one.finding)}\n" for one in self.each
        )

    def as_json(self) -> str:
        """Return the same for a program."""
        checks = [{"state": one.state.value, "what": one.what, "finding": one.finding} for one in self.each]
        return json.dumps({"ready": self.ready, "checks": checks}, indent=2) + "\n"
