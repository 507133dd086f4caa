"""The addresses of pages: every link of the console is made here, so that no page hard-codes another's address.

Links of the traffic carry the page's `View`: its search, time and columns.
"""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from gateway.clock import to_ms
from gateway.console.figures import written
from gateway.console.traffic.columns import DEFAULT_COLUMNS
from gateway.console.traffic.view import LONGEST, View, clamped
from gateway.traffic.basis import basis_of
from gateway.traffic.fields import DECISION
from gateway.traffic.search import TERMS_MAX
from gateway.traffic.terms import Search, Term, Words, with_term
from shared.flowlog.record import TIME_MIN_MS, Decision

HOME: Final = "/"
SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
ACCOUNT: Final = "/account"
TRAFFIC: Final = "/traffic"
RECORD: Final = "/traffic/record"
CONVERSATIONS: Final = "/conversations"
TIMELINE: Final = "/timeline"
TOP: Final = "/top"
RULES: Final = "/rules"
EXPOSED: Final = "/exposed"
TOKENS: Final = "/setup/tokens"
FLOW_LOGS: Final = "/setup/flow-logs"
REGISTRATIONS: Final = "/setup/registrations"
MACHINES: Final = "/setup/items"
ATTRIBUTES: Final = "/setup/attributes"
BLUEPRINTS: Final = "/setup/blueprints"
RETENTION: Final = "/setup/retention"
STORAGE: Final = "/setup/storage"
USERS: Final = "/setup/users"
AUDIT_LOG: Final = "/setup/audit-log"
HELP: Final = "/help"


def url(path: str, **query: object) -> str:
    """Return the address of a page with a query, without empty values."""
    written_out = "&".join(f"{name}={_quoted(str(value))}" for name, value in query.items() if value not in (None, ""))
    return f"{path}?{written_out}" if written_out else path


def flow_logs_url(name: str) -> str:
    """Return the address of a configuration of flow logs."""
    return f"{FLOW_LOGS}/{quote(name, safe='')}"


def machine_url(number: int) -> str:
    """Return the address of a machine."""
    return f"{MACHINES}/{number:d}"


def blueprint_url(number: int) -> str:
    """Return the address of a blueprint, which its forms and its file stand below."""
    return f"{BLUEPRINTS}/{number:d}"


def user_url(number: int) -> str:
    """Return the address of a user's forms."""
    return f"{USERS}/{number:d}"


def help_url(document: str, heading: str = "") -> str:
    """Return the address of a document, at a heading if one is named."""
    return f"{HELP}/{document}#{heading}" if heading else f"{HELP}/{document}"


def sign_in_url(then: str) -> str:
    """Return the address of the sign-in page that leads on to another page."""
    return f"{SIGN_IN}?next={quote(then, safe='')}"


def view_url(view: View, path: str = "", **changes: str) -> str:
    """Return the address of a page with the same view, apart from changes; without a path, that of the same page."""
    kept = {} if path else view.kept
    state = {**view.state(), **kept, **changes}
    return f"{path}?{'&'.join(f'{name}={_quoted(value)}' for name, value in state.items() if value)}"


def records_url(view: View, *terms: Term) -> str | None:
    """Return the address of the records that a number counts, with its time fixed, so that they stay the same tomorrow.

    None if the search would be too long, as for all addresses that narrow it.
    """
    return narrowed_url(view.fixed(), TRAFFIC, *terms)


def summed_url(view: View, *terms: Term) -> str | None:
    """Return the address of the records whose bytes count in a sum over the records that match some terms."""
    return records_url(view, *terms, *basis_of(Search((*view.search.terms, *terms))).terms)


def decided_url(view: View, decision: str) -> str | None:
    """Return the address of the records with a decision."""
    return records_url(view, Words(DECISION, (decision,)))


def undecided_url(view: View) -> str | None:
    """Return the address of the records without a decision, which come from agents."""
    return records_url(view, Words(DECISION, tuple(Decision), negated=True))


def narrowed_url(view: View, path: str = "", *terms: Term, **changes: str) -> str | None:
    """Return the address of a page with the search narrowed by terms; None if the search would be too long."""
    search = view.search
    for term in terms:
        search = with_term(search, term)
    text = str(search)
    if len(search.terms) > TERMS_MAX or len(text) > LONGEST:
        return None
    return view_url(view, path, q=text, **changes)


def search_url(view: View, text: str) -> str:
    """Return the address of the same page with another search."""
    return view_url(view, q=text)


def without_url(view: View, position: int) -> str:
    """Return the address of the same page without one of the terms."""
    terms = view.search.terms
    return view_url(view, q=str(Search(terms[:position] + terms[position + 1 :])))


def preset_url(view: View, name: str) -> str:
    """Return the address of the same page with another preset time range."""
    return view_url(replace(view, preset=name, since="", until=""))


def within_url(view: View, path: str, start: int, end: int, **changes: str) -> str:
    """Return the address of a page with another time range, cut to what records can have."""
    return view_url(view.within(*clamped(start, end)), path, **changes)


def moved_url(view: View, path: str, factor: float, shift: float) -> str:
    """Return the address of a time range that is longer by a factor, and shifted by a fraction of its length."""
    length = round((view.end - view.start) * factor)
    middle = (view.start + view.end) / 2 + (view.end - view.start) * shift
    start = max(round(middle - length / 2), TIME_MIN_MS)
    return within_url(view, path, start, start + length)


def reset_url(view: View) -> str:
    """Return the address of the same page with only its search and time."""
    return view_url(replace(view, columns=DEFAULT_COLUMNS, kept={}))


def carried(view: View) -> str:
    """Return the query to append to another page's address, so that it has the same search and time."""
    return reset_url(view).removesuffix("?")


def span_url(search: str, start: datetime, end: datetime) -> str:
    """Return the address of the records of a search and a time range."""
    return url(TRAFFIC, q=search, **{"from": written(to_ms(start)), "to": written(to_ms(end))})


@lru_cache(maxsize=1024)
def _quoted(value: str) -> str:
    """Quote a value. Cached, as a list has thousands of addresses that differ in a single value."""
    return quote(value, safe=":,/*")
