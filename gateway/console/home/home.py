"""The home page: what needs attention, how fresh the records of each source are, and an overview of the traffic."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.home.attention import Attention
from gateway.console.home.notices import Situation, notices
from gateway.console.home.sources import Source
from gateway.console.links import TOP, view_url
from gateway.console.traffic.record_pages import RecordPages
from gateway.console.traffic.shares import Shares
from gateway.console.traffic.timeline import steps_of, whole
from gateway.console.traffic.view import View
from gateway.console.visitor import Visitor
from gateway.traffic.first import First, first_of
from gateway.traffic.question import Question
from gateway.traffic.store import Questions
from gateway.traffic.top import Dimension, Measure

_TALKERS: Final = (
    (Dimension.SOURCE, Measure.BYTES, "Top sources by bytes", ("Source",)),
    (Dimension.DESTINATION, Measure.BYTES, "Top destinations by bytes", ("Destination",)),
    (Dimension.PORT, Measure.RECORDS, "Top ports by records", ("Protocol", "Port")),
    (Dimension.RULE, Measure.RECORDS, "Top rules by records", ("Rule",)),
)
_SHOWN: Final = 5
_STEPS: Final = 60
_SHOWN_NOTICES: Final = 6
_SHOWN_SOURCES: Final = 8


class Home:
    """The home page."""

    def __init__(self, record_pages: RecordPages, attention: Attention) -> None:
        self._record_pages = record_pages
        self._attention = attention

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /`."""
        customer = visitor.user.customer
        situation = await self._record_pages.slots.run(customer, self._attention.situation, customer)
        return await self._record_pages.show(
            request,
            visitor,
            "home/home.html",
            _answer,
            notices=first_of(notices(situation), _SHOWN_NOTICES),
            sources=_first(situation),
            machines=situation.machines,
        )


def _first(situation: Situation) -> First[Source]:
    found = first_of(situation.sources, _SHOWN_SOURCES)
    return First(found.rows, found.others + situation.other_sources)


def _answer(records: Questions, question: Question, view: View) -> Mapping[str, Any]:
    steps = steps_of(line := records.timeline(question, _STEPS), view)
    talkers = []
    for dimension, measure, title, headings in _TALKERS:
        largest = records.top(question, dimension, measure, _SHOWN)
        more = view_url(view, TOP, by=dimension, measure=measure)
        talkers.append((title, headings, largest, Shares(largest, measure), more))
    return {
        "totals": whole(steps, view),
        "steps": steps,
        "step": timedelta(milliseconds=line.step),
        "talkers": talkers,
    }
