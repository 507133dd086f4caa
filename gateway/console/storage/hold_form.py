"""The form that creates a hold."""

from datetime import date
from typing import Final

from gateway.clock import from_ms
from gateway.console.forms import Form, text_error
from gateway.stores.holds import NewHold
from gateway.traffic.search import SearchError, parse
from shared.flowlog.record import TIME_END_MS, TIME_MIN_MS

_LONGEST_SEARCH: Final = 1000
_LONGEST_REASON: Final = 200
EARLIEST: Final = from_ms(TIME_MIN_MS).date()
"""The first day that records can be from."""
LATEST: Final = from_ms(TIME_END_MS - 1).date()
"""The last day that records can be from."""


def read_hold(form: Form) -> NewHold | dict[str, str]:
    """Return the hold that the form describes, or what is wrong with it, by field name."""
    first, last = _day(form.text("first")), _day(form.text("last"))
    errors = {
        "search": _search_error(form.text("search")),
        "first": "" if first else _no_day(),
        "last": "" if last else _no_day(),
        "reason": text_error(form.text("reason"), _LONGEST_REASON),
    }
    if first and last and last < first:
        errors["last"] = "This day is before the first one. Enter a later one."
    wrong = {name: error for name, error in errors.items() if error}
    if wrong or first is None or last is None:
        return wrong
    return NewHold(form.text("search"), first, last, form.text("reason"))


def _search_error(text: str) -> str:
    if len(text) > _LONGEST_SEARCH:
        return f"Shorten this to {_LONGEST_SEARCH} characters."
    try:
        parse(text)
    except SearchError as error:
        return str(error)
    return ""


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


def _no_day() -> str:
    return f"Enter a day from {EARLIEST} to {LATEST}, such as 2026-11-23."
