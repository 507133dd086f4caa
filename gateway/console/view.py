"""What a page of the traffic shows: the search, the time and the columns, all of which its address holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

from gateway.clock import from_ms, to_ms
from gateway.console.columns import COLUMNS, DEFAULT_COLUMNS
from gateway.traffic.search import SearchError, parse
from gateway.traffic.terms import Search, Term, with_term
from shared.flowlog.record import TIME_END_MS, TIME_MIN_MS

PRESETS: Final = {
    "1h": ("1 hour", timedelta(hours=1)),
    "6h": ("6 hours", timedelta(hours=6)),
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "all": ("all time", None),
}
"""Spans of time that end now, by the name that the address has for them."""
DEFAULT_PRESET: Final = "24h"
_EXAMPLE: Final = "2026-11-23T15:30Z"


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows.

    Attributes:
        text: The search as it was typed.
        search: The search; everything, if it cannot be understood.
        preset: The name of the span of time, or nothing if it is given by its ends.
        since: The beginning as it was typed.
        until: The end as it was typed.
        start: The beginning in epoch milliseconds.
        end: The end, before which all records are.
        columns: The names of the columns of the list.
        problems: What is wrong, by the name of the field; then there is nothing to show.

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

    def address(self, path: str = "", **changes: str) -> str:
        """Give the address of a page with the same state, and what else it is to have."""
        return f"{path}?{_query({**self._state(), **changes})}"

    def rows(self, *terms: Term, start: int | None = None, end: int | None = None) -> str:
        """Give the address of the rows that a number counts: the time is fixed, so that they are the same tomorrow."""
        return self.fixed(start, end).narrowed("/traffic", *terms)

    def narrowed(self, path: str = "", *terms: Term) -> str:
        """Give the address of a page with the search narrowed by terms."""
        search = self.search
        for term in terms:
            search = with_term(search, term)
        return self.address(path, q=str(search))

    def without(self, position: int) -> str:
        """Give the address of this page without one of the terms."""
        terms = self.search.terms
        return self.address(q=str(Search(terms[:position] + terms[position + 1 :])))

    def fixed(self, start: int | None = None, end: int | None = None) -> "View":
        """Give the view with its time given by its ends, or by others."""
        since = written(self.start if start is None else start)
        return replace(self, preset="", since=since, until=written(self.end if end is None else end))

    def moved(self, path: str, factor: float, shift: float) -> str:
        """Give the address of a span that is longer by a factor, and shifted by a share of its length."""
        length = round((self.end - self.start) * factor)
        middle = (self.start + self.end) / 2 + (self.end - self.start) * shift
        start = max(round(middle - length / 2), TIME_MIN_MS)
        return self.fixed(start, min(start + length, TIME_END_MS)).address(path)

    def _state(self) -> dict[str, str]:
        columns = "" if self.columns == DEFAULT_COLUMNS else ",".join(self.columns)
        preset = "" if self.preset == DEFAULT_PRESET else self.preset
        return {"q": self.text, "range": preset, "from": self.since, "to": self.until, "columns": columns}


def read_view(parameters: QueryParams, now: datetime, recorded: tuple[int, int] | None) -> View:
    """Read the state that an address holds.

    Args:
        parameters: Those of the address.
        now: The present moment.
        recorded: The first and the last time of the customer's records, if there are any.

    """
    problems: dict[str, str] = {}
    text = parameters.get("q", "").strip()
    search = _search(text, problems)
    since, until = parameters.get("from", "").strip(), parameters.get("to", "").strip()
    preset = "" if since or until else parameters.get("range") or DEFAULT_PRESET
    start, end = _preset(preset, now, recorded, problems) if preset else _ends(since, until, now, recorded, problems)
    columns = _columns(parameters, problems)
    return View(text, search, preset, since, until, start, end, columns, problems)


def written(milliseconds: int) -> str:
    """Write a moment as addresses have it: ISO 8601 in UTC, no longer than it must be."""
    text = from_ms(milliseconds).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.removesuffix(".000").removesuffix(":00") + "Z"


def _query(state: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in state.items() if value}, safe=":,/*", quote_via=quote)


def _search(text: str, problems: dict[str, str]) -> Search:
    try:
        return parse(text)
    except SearchError as error:
        problems["q"] = str(error)
        return Search()


def _preset(name: str, now: datetime, recorded: tuple[int, int] | None, problems: dict[str, str]) -> tuple[int, int]:
    if name not in PRESETS:
        problems["range"] = f"{name!r:.40} is no span of time. Choose one of {', '.join(PRESETS)}, or give its ends."
        name = DEFAULT_PRESET
    _, length = PRESETS[name]
    if length is not None:
        return to_ms(now - length), to_ms(now)
    return (recorded[0], recorded[1] + 1) if recorded else (to_ms(now) - 1, to_ms(now))


def _ends(
    since: str, until: str, now: datetime, recorded: tuple[int, int] | None, problems: dict[str, str]
) -> tuple[int, int]:
    earliest = recorded[0] if recorded else TIME_MIN_MS
    start = _moment("from", since, problems) if since else earliest
    end = _moment("to", until, problems) if until else max(to_ms(now), start + 1)
    if not problems.keys() & {"from", "to"} and start >= end:
        problems["to"] = "The end is not after the beginning. Write a later one."
    return start, end


def _moment(name: str, text: str, problems: dict[str, str]) -> int:
    """Read a time; one without a zone is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
        milliseconds = to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        problems[name] = f"{text!r:.40} is no time. Write one like {_EXAMPLE}."
        return TIME_MIN_MS
    if not TIME_MIN_MS <= milliseconds <= TIME_END_MS:
        problems[name] = "Records are of the years 2000 to 2099. Write a time from then."
    return milliseconds


def _columns(parameters: QueryParams, problems: dict[str, str]) -> tuple[str, ...]:
    """Read the columns, which links join by commas and forms give one by one; they keep the order of the list."""
    wanted: Sequence[str] = [name for value in parameters.getlist("columns") for name in value.split(",") if name]
    unknown = [name for name in wanted if name not in COLUMNS]
    if unknown:
        problems["columns"] = f"There is no column {unknown[0]!r:.40}. Choose among {', '.join(COLUMNS)}."
    return tuple(name for name in COLUMNS if name in wanted) or DEFAULT_COLUMNS
