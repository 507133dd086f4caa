"""The first page: how fresh the records are, and what they say at a glance."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.clock import Clock
from gateway.console.asking import Asking
from gateway.console.figures import since
from gateway.console.shares import Shares
from gateway.console.timeline import steps_of, whole
from gateway.console.view import View
from gateway.console.visitor import Visitor
from gateway.keeping.budgets import notices, shares_of
from gateway.stores.records import Records
from gateway.stores.stores import Stores
from gateway.traffic.questions import Question
from gateway.traffic.top import Dimension, Measure, top
from gateway.traffic.totals import timeline

_TALKERS: Final = (
    (Dimension.SOURCE, Measure.BYTES, "Top sources by bytes", ("Source",)),
    (Dimension.DESTINATION, Measure.BYTES, "Top destinations by bytes", ("Destination",)),
    (Dimension.PORT, Measure.RECORDS, "Top ports by records", ("Protocol", "Port")),
    (Dimension.RULE, Measure.RECORDS, "Top rules by records", ("Rule",)),
)
_SHOWN: Final = 5
_STEPS: Final = 60
_FRESH: Final = timedelta(minutes=10)
"""Azure writes a flow log once a minute, and some minutes late."""
_STALE: Final = timedelta(hours=1)


class Home:
    """The first page."""

    def __init__(self, asking: Asking, stores: Stores, clock: Clock) -> None:
        self._asking = asking
        self._stores = stores
        self._clock = clock

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /`."""

        def graded(last: int) -> tuple[str, timedelta]:
            return grade(last, self._clock())

        told = await run_in_threadpool(self._notices, visitor)
        return await self._asking.show(request, visitor, "home.html", _answer, graded=graded, notices=told)

    def _notices(self, visitor: Visitor) -> tuple[str, ...]:
        return notices(shares_of(self._stores, visitor.user.customer)) if visitor.administers else ()


def grade(last: int, now: datetime) -> tuple[str, timedelta]:
    """Tell how good the lag of the newest record is, and how long."""
    lag = since(last, now)
    return "good" if lag <= _FRESH else "warn" if lag <= _STALE else "bad", lag


def _answer(records: Records, question: Question, view: View) -> Mapping[str, Any]:
    steps = steps_of(line := timeline(records, question, _STEPS), view)
    talkers = []
    for dimension, measure, title, headings in _TALKERS:
        largest = top(records, question, dimension, measure, _SHOWN)
        more = view.address("/top", by=dimension, measure=measure)
        talkers.append((title, headings, largest, Shares(largest, measure), more))
    return {
        "totals": whole(steps, view),
        "steps": steps,
        "step": timedelta(milliseconds=line.step),
        "talkers": talkers,
    }
