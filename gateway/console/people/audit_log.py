"""The page of the audit log, its filter and its export."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.exports import note_export
from gateway.clock import iso
from gateway.console.console import Console
from gateway.console.errors import PageError, not_found
from gateway.console.forms import whole_number
from gateway.console.traffic.export import streamed
from gateway.console.visitor import Visitor
from gateway.slots import Slots
from gateway.spreadsheet import csv_lines
from gateway.stores.audit_log import Action, Entry, Filter
from gateway.traffic.exports.formats import chunks

_SIZE: Final = 50
_LONGEST: Final = 300
_HEADER: Final = ("number", "time", "who", "address", "action", "subject")


class AuditLogPage:
    """The page of the audit log."""

    def __init__(self, console: Console, slots: Slots) -> None:
        self._console = console
        self._slots = slots

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/audit-log` with the entries before the one that the query names, or the newest."""
        query = request.query_params
        before = whole_number(query.get("before", ""))
        wanted, errors = _filter(query)
        entries: list[Entry] = []
        if not errors:
            page = self._console.stores.audit_log.page
            entries = await run_in_threadpool(page, visitor.user.customer, before, _SIZE + 1, wanted)
        return self._console.pages.render(
            request,
            visitor,
            "people/audit_log.html",
            status=422 if errors else 200,
            entries=entries[:_SIZE],
            older=entries[_SIZE - 1].number if len(entries) > _SIZE else None,
            newest=before is None,
            actions=list(Action),
            typed={name: query.get(name, "") for name in _FIELDS},
            filtered=wanted != Filter() or bool(errors),
            errors=errors,
            formats=tuple(_FORMATS),
        )

    async def export(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/audit-log/export.SUFFIX` with the filtered entries, the newest first."""
        if request.method != "GET":
            # Routes with GET also answer HEAD with it, which would record an export that nobody received.
            raise PageError(405, f"Exports do not accept {request.method}. Request them with GET.", {"Allow": "GET"})
        suffix = request.path_params["suffix"]
        if suffix not in _FORMATS:
            raise not_found("format of export")
        wanted, errors = _filter(request.query_params)
        if errors:
            raise PageError(422, " ".join(errors.values()))
        stores, now = self._console.stores, self._console.clock()
        await run_in_threadpool(note_export, stores, visitor.actor, now, Action.EXPORTED_AUDIT_LOG, suffix)
        media_type, lines = _FORMATS[suffix]
        headers = {"Content-Disposition": f'attachment; filename="sluice-audit-log-{now:%Y-%m-%d}.{suffix}"'}
        content = chunks(lines(stores.audit_log.every(visitor.user.customer, wanted)))
        return streamed(content, self._slots.threads, headers, media_type)


_FIELDS: Final = ("who", "action", "subject", "from", "to")


def _filter(query: QueryParams) -> tuple[Filter, dict[str, str]]:
    """Read the filter, and what is wrong with it, by field name."""
    errors = {}
    action = next((each for each in Action if each == query.get("action")), None)
    if query.get("action") and action is None:
        errors["action"] = "Choose an action from the list."
    days: dict[str, date | None] = {"from": None, "to": None}
    for name in days:
        if text := query.get(name, "").strip():
            try:
                days[name] = date.fromisoformat(text)
            except ValueError:
                errors[name] = f"{text!r:.40} is not a date. Enter one such as 2026-11-23."
    start, end = days["from"], days["to"]
    if start and end and end < start:
        errors["to"] = "This day is before the first one. Enter a later one."
    who, subject = (query.get(name, "").strip()[:_LONGEST] for name in ("who", "subject"))
    begin, limit = None if start is None else _begin(start), None if end is None else _end(end)
    return Filter(who, action, subject, begin, limit), errors


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(tzinfo=UTC))


def _end(day: date) -> datetime | None:
    return None if day == date.max else _begin(day + timedelta(days=1))


def _csv(entries: Iterable[Entry]) -> Iterator[bytes]:
    rows = ((each.number, iso(each.at), each.who, each.address, each.action.value, each.subject) for each in entries)
    return csv_lines(_HEADER, rows)


def _ndjson(entries: Iterable[Entry]) -> Iterator[bytes]:
    for each in entries:
        values = (each.number, iso(each.at), each.who, each.address, each.action, each.subject)
        yield orjson.dumps(dict(zip(_HEADER, values, strict=True)), option=orjson.OPT_APPEND_NEWLINE)


type _Lines = Callable[[Iterable[Entry]], Iterator[bytes]]
_FORMATS: Final[dict[str, tuple[str, _Lines]]] = {
    "csv": ("text/csv; charset=utf-8; header=present", _csv),
    "ndjson": ("application/x-ndjson", _ndjson),
}
"""The export formats, by file suffix: the media type, and the function that writes entries."""
