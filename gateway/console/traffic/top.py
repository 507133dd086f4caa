"""The largest groups, by a chosen key."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.traffic.record_pages import RecordPages
from gateway.console.traffic.shares import Shares
from gateway.console.traffic.view import View
from gateway.console.visitor import Visitor
from gateway.traffic.question import Question
from gateway.traffic.store import Questions
from gateway.traffic.top import Dimension, Measure

_DIMENSIONS: Final = {
    Dimension.SOURCE: ("Sources", ("Source",)),
    Dimension.DESTINATION: ("Destinations", ("Destination",)),
    Dimension.PAIR: ("Pairs", ("Source", "Destination")),
    Dimension.PORT: ("Ports", ("Protocol", "Port")),
    Dimension.RULE: ("Rules", ("Rule",)),
    Dimension.NIC: ("NICs", ("NIC",)),
}
_MEASURES: Final = {Measure.RECORDS: "records", Measure.BYTES: "bytes"}
_SHOWN: Final = 20


class TopPage:
    """The page of the largest groups."""

    def __init__(self, record_pages: RecordPages) -> None:
        self._record_pages = record_pages

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /top`."""
        problems: dict[str, str] = {}
        by = _choice(Dimension, request.query_params.get("by"), "by", problems)
        measure = _choice(Measure, request.query_params.get("measure"), "measure", problems)
        return await self._record_pages.show(
            request,
            visitor,
            "traffic/top.html",
            partial(_answer, by, measure),
            problems=problems,
            kept={"by": by, "measure": measure},
            by=by,
            measure=measure,
            dimensions=_DIMENSIONS,
            measures=_MEASURES,
        )


def _choice[Choice: (Dimension, Measure)](
    kind: type[Choice], text: str | None, name: str, problems: dict[str, str]
) -> Choice:
    choices = list(kind)
    try:
        return kind(text or choices[0])
    except ValueError:
        problems[name] = f"{text!r:.40} is not a valid choice. Choose one of {', '.join(choices)}."
        return choices[0]


def _answer(by: Dimension, measure: Measure, records: Questions, question: Question, _view: View) -> Mapping[str, Any]:
    largest = records.top(question, by, measure, _SHOWN)
    return {"top": largest, "shares": Shares(largest, measure)}
