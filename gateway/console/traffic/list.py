"""The list of the records themselves."""

from collections.abc import Mapping
from functools import partial
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.links import view_url
from gateway.console.traffic.columns import COLUMNS
from gateway.console.traffic.record_pages import RecordPages
from gateway.console.traffic.rows import Row
from gateway.console.traffic.view import View
from gateway.console.visitor import Visitor
from gateway.traffic.exports.formats import FORMATS
from gateway.traffic.paging import FIRST, LAST, Cursor
from gateway.traffic.question import Question
from gateway.traffic.store import Questions


class TrafficList:
    """The page of the list."""

    def __init__(self, record_pages: RecordPages) -> None:
        self._record_pages = record_pages

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /traffic`."""
        cursor, problems = FIRST, {}
        if text := request.query_params.get("cursor"):
            try:
                cursor = Cursor.parse(text)
            except ValueError:
                problems = {"cursor": "This position in the list is not valid. Go to the newest records."}
        answer = partial(_answer, cursor)
        return await self._record_pages.show(
            request, visitor, "traffic/list.html", answer, problems=problems, columns=COLUMNS, formats=FORMATS
        )


def _answer(cursor: Cursor, records: Questions, question: Question, view: View) -> Mapping[str, Any]:
    found = records.page(question, cursor)
    keys = {"newest": FIRST, "newer": found.newer, "older": found.older, "oldest": LAST}
    # The time is fixed, so that no record slips past while somebody reads.
    fixed = view.fixed()
    reachable = {"newest": found.newer, "newer": found.newer, "older": found.older, "oldest": found.older}
    rows = [Row.of(each, view, question.customer) for each in found.records]
    return {
        "totals": records.totals(question),
        "shown": len(rows),
        "days": [(day, list(of_day)) for day, of_day in groupby(rows, lambda row: row.day)],
        "paging": {
            name: view_url(fixed, cursor=str(place)) if reachable[name] else None for name, place in keys.items()
        },
    }
