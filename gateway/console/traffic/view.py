"""What a page of the traffic shows: the search, the time and the columns, all of which its address holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.datastructures import QueryParams

from gateway.clock import to_ms
from gateway.console.figures import written
from gateway.console.traffic.columns import COLUMNS, DEFAULT_COLUMNS
from gateway.traffic.basis import Basis, basis_of
from gateway.traffic.question import Question
from gateway.traffic.search import SearchError, parse
from gateway.traffic.terms import Search
from shared.flowlog.record import TIME_END_MS, TIME_MIN_MS

PRESETS: Final = {
    "1h": ("1 hour", timedelta(hours=1)),
    "6h": ("6 hours", timedelta(hours=6)),
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "all": ("all time", None),
}
"""Spans of time that end now, by the name that the address has for them."""
LONGEST: Final = 5_000
"""Characters of a search in an address, each of which may take nine there. The gateway takes 64 KB."""
DEFAULT_PRESET: Final = "24h"
_EXAMPLE: Final = "2026-11-23T15:30Z"


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows.

    Attributes:
        text: The search as it was typed.
        search: The search; everything, if it is not valid.
        preset: The name of the span of time, or nothing if it is given by its ends.
        since: The beginning as it was typed.
        until: The end as it was typed.
        start: The beginning in epoch milliseconds.
        end: The end, before which all records are.
        columns: The names of the columns of the list.
        problems: What is wrong, by the name of the field; then there is nothing to show.
        kept: What else the page's own address holds, such as how a table is ordered.
        wrong: If it is the search: what stands before the trouble, the trouble itself, and what stands after it.
    """

    text: str
    search: Search
    preset: str
    since: str
    until: str
    start: int
    end: int
    columns: tuple[str, ...]
    problems: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[str, str, str] | None = None
    kept: Mapping[str, str] = field(default_factory=dict)

    def question(self, customer: int) -> Question:
        """Return what is asked of a customer's records."""
        return Question(customer, self.start, self.end, self.search)

    @property
    def basis(self) -> Basis:
        """What sums of bytes take."""
        return basis_of(self.search)

    def hidden_fields(self) -> dict[str, str]:
        """Return what a form must bring along besides its search and its ends of time."""
        state = self.state()
        return {name: state[name] for name in ("range", "columns") if state[name]} | {**self.kept}

    def fixed(self) -> "View":
        """Return the view with its time given by its ends, which do not move on."""
        return self.within(self.start, self.end)

    def within(self, start: int, end: int) -> "View":
        """Return the view with another time."""
        return replace(self, preset="", since=written(start), until=written(end), start=start, end=end)

    def state(self) -> dict[str, str]:
        """Return all of it by the names that the address has for it; what has its default is empty."""
        columns = "" if self.columns == DEFAULT_COLUMNS else ",".join(self.columns)
        preset = "" if self.preset == DEFAULT_PRESET else self.preset
        return {"q": self.text, "range": preset, "from": self.since, "to": self.until, "columns": columns}


def clamped(start: int, end: int) -> tuple[int, int]:
    """Return the part of a time range that records can be from; it is never empty."""
    start = min(max(start, TIME_MIN_MS), TIME_END_MS - 1)
    return start, max(min(end, TIME_END_MS), start + 1)


def read_view(parameters: QueryParams, now: datetime, recorded: tuple[int, int] | None) -> View:
    """Read the state that an address holds.

    Args:
        parameters: Those of the address.
        now: The present moment.
        recorded: The first and the last time of the customer's records, if there are any.
    """
    problems: dict[str, str] = {}
    text = parameters.get("q", "").strip()
    search, wrong = _search(text, problems)
    since, until = parameters.get("from", "").strip(), parameters.get("to", "").strip()
    preset = "" if since or until else parameters.get("range") or DEFAULT_PRESET
    start, end = _preset(preset, now, recorded, problems) if preset else _ends(since, until, now, recorded, problems)
    columns = _columns(parameters, problems)
    return View(text, search, preset, since, until, start, end, columns, problems, wrong)


def _search(text: str, problems: dict[str, str]) -> tuple[Search, tuple[str, str, str] | None]:
    try:
        return parse(text), None
    except SearchError as error:
        problems["q"] = str(error)
        return Search(), (text[: error.start], text[error.start : error.end], text[error.end :])


def _preset(name: str, now: datetime, recorded: tuple[int, int] | None, problems: dict[str, str]) -> tuple[int, int]:
    if name not in PRESETS:
        problems["range"] = (
            f"{name!r:.40} is not a valid time range. Choose one of {', '.join(PRESETS)}, or give its ends."
        )
        name = DEFAULT_PRESET
    _, length = PRESETS[name]
    # On a whole second, so that addresses and headings stay short; nothing is lost by the second being the next.
    end = -(-to_ms(now) // 1000) * 1000
    if length is not None:
        return end - length // timedelta(milliseconds=1), end
    return (recorded[0], recorded[1] + 1) if recorded else (end - 1, end)


def _ends(
    since: str, until: str, now: datetime, recorded: tuple[int, int] | None, problems: dict[str, str]
) -> tuple[int, int]:
    earliest = recorded[0] if recorded else TIME_MIN_MS
    start = _moment("from", since, problems) if since else earliest
    end = _moment("to", until, problems) if until else max(to_ms(now), start + 1)
    if not problems.keys() & {"from", "to"} and start >= end:
        problems["to"] = "The end must be after the start. Enter a later one."
    return start, end


def _moment(name: str, text: str, problems: dict[str, str]) -> int:
    """Read a time; one without a zone is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
        milliseconds = to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        problems[name] = f"{text!r:.40} is not a valid time. Enter one like {_EXAMPLE}."
        return TIME_MIN_MS
    if not TIME_MIN_MS <= milliseconds <= TIME_END_MS:
        problems[name] = "Records are from the years 2000 to 2099. Enter a time in that range."
        # Pages write the time all the same, and this one may have no year.
        return TIME_MIN_MS
    return milliseconds


def _columns(parameters: QueryParams, problems: dict[str, str]) -> tuple[str, ...]:
    """Read the columns, which links join by commas and forms give one by one; they keep the order of the list."""
    wanted: Sequence[str] = [name for value in parameters.getlist("columns") for name in value.split(",") if name]
    unknown = [name for name in wanted if name not in COLUMNS]
    if unknown:
        problems["columns"] = f"There is no column {unknown[0]!r:.40}. Choose from {', '.join(COLUMNS)}."
    return tuple(name for name in COLUMNS if name in wanted) or DEFAULT_COLUMNS
