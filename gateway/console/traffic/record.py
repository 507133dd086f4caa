"""Everything about one record."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.errors import not_found
from gateway.console.traffic.columns import DETAILS
from gateway.console.traffic.record_pages import RecordPages
from gateway.console.traffic.rows import Row
from gateway.console.traffic.view import View
from gateway.console.visitor import Visitor
from gateway.traffic.paging import RecordKey, read_key
from gateway.traffic.question import Question
from gateway.traffic.store import Questions


class RecordPage:
    """The page of a record, which the list takes its details from."""

    def __init__(self, record_pages: RecordPages) -> None:
        self._record_pages = record_pages

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /traffic/record`."""
        try:
            key = read_key(request.query_params.get("at", ""))
        except ValueError:
            raise not_found("record") from None
        return await self._record_pages.show(
            request, visitor, "traffic/record.html", partial(_answer, key), columns=DETAILS
        )


def _answer(key: RecordKey, records: Questions, question: Question, view: View) -> Mapping[str, Any]:
    found = records.record(question.customer, key)
    if found is None:
        raise not_found("record")
    return {"row": Row.of(found, view, question.customer)}
