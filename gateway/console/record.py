"""All there is to one record."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.asking import Asking
from gateway.console.columns import COLUMNS
from gateway.console.errors import not_found
from gateway.console.rows import Row
from gateway.console.view import View
from gateway.console.visitor import Visitor
from gateway.stores.records import Records
from gateway.traffic.pages import Place, find, read_place
from gateway.traffic.questions import Question


class RecordPage:
    """The page of a record, which the list takes its details from."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /traffic/record`."""
        try:
            place = read_place(request.query_params.get("at", ""))
        except ValueError:
            raise not_found("record") from None
        return await self._asking.show(request, visitor, "record.html", partial(_answer, place), columns=COLUMNS)


def _answer(place: Place, records: Records, question: Question, view: View) -> Mapping[str, Any]:
    found = find(records, question.customer, place)
    if found is None:
        raise not_found("record")
    record, counted = found
    return {"row": Row.of(record, place, view, counted=counted)}
