"""What the traffic pages have in common: read the address, query the records, render the page."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.access import Handler
from gateway.console.console import Console
from gateway.console.traffic.search_help import EXAMPLES
from gateway.console.traffic.view import PRESETS, View, read_view
from gateway.console.visitor import Visitor
from gateway.leaving import LeftError, while_awaited
from gateway.slots import Slots
from gateway.traffic.basis import ONCE
from gateway.traffic.freshness import Freshness
from gateway.traffic.question import Question
from gateway.traffic.store import Questions, TooSlowError

type Answer = Callable[[Questions, Question, View], Mapping[str, Any]]
"""Queries the records, and returns the template's variables. Blocks."""
_NOTHING: Final[Mapping[str, str]] = {}


class RecordPages:
    """Shows pages that query the records.

    Attributes:
        records: The store.
        slots: Limits the queries at a time, so that posts are stored in the meantime.
    """

    def __init__(self, console: Console, slots: Slots) -> None:
        self._console = console
        self._patience = console.limits.query_seconds
        self.records = console.stores.records
        self.slots = slots

    def page(self, template: str, answer: Answer) -> Handler:
        """Return the handler of a page that consists only of its template and its answer."""

        async def get(request: Request, visitor: Visitor) -> Response:
            return await self.show(request, visitor, template, answer)

        return get

    async def show(
        self,
        request: Request,
        visitor: Visitor,
        template: str,
        answer: Answer,
        *,
        problems: Mapping[str, str] = _NOTHING,
        kept: Mapping[str, str] = _NOTHING,
        **context: Any,  # noqa: ANN401 - whatever the template asks for
    ) -> Response:
        """Show a page; if the address has a bad value, only the form, with a sentence at the field.

        Args:
            request: What is answered.
            visitor: Who asks.
            template: The template's name.
            answer: Asks the records, if there is nothing wrong and there are any.
            problems: What is wrong with values that only this page has.
            kept: Those values, which links to the page itself keep.
            context: What else the template asks for.
        """
        customer = visitor.user.customer
        view, fresh = await self.view(customer, request.query_params)
        view = replace(view, problems={**view.problems, **problems}, kept=kept)
        told: Mapping[str, Any] = {}
        if fresh is not None and not view.problems:
            try:
                told = await self._answer(request, customer, partial(_with_unsettled, answer), view)
            except TooSlowError:
                problem = (
                    f"This took longer than {self._patience:g} s and was stopped. Choose a shorter time range, or "
                    "narrow the search."
                )
                view = replace(view, problems={"q": problem})
        render = partial(
            self._console.pages.render,
            request,
            visitor,
            template,
            status=422 if view.problems else 200,
            view=view,
            presets=PRESETS,
            examples=EXAMPLES,
            now=self._console.clock(),
            fresh=fresh,
            **context,
            **told,
        )
        # Fifty rows with all their details take a while, in which agents and functions are to be heard.
        return await self.slots.run(customer, render)

    async def _answer(self, request: Request, customer: int, answer: Answer, view: View) -> Mapping[str, Any]:
        """Query the records, and stop as soon as nobody is waiting for the answer.

        Raises:
            TooSlowError: It took too long, or nobody waits.
        """
        left = threading.Event()
        records = self.records.asked_by_people(self._patience, left)
        ask = partial(self.slots.run, customer, answer, records, view.question(customer), view)
        try:
            return await while_awaited(request, ask, left.set)
        except TooSlowError:
            self.slots.stopped += not left.is_set()
            raise
        except LeftError:
            raise TooSlowError("Nobody is waiting for the answer any more.") from None

    async def view(self, customer: int, parameters: QueryParams) -> tuple[View, Freshness | None]:
        """Read an address; return the view, and how fresh the customer's records are."""
        now = self._console.clock()
        fresh = await self.slots.run(customer, self.records.freshness, customer, now)
        recorded = None if fresh is None else (fresh.first, fresh.last)
        return read_view(parameters, now, recorded), fresh


def _with_unsettled(answer: Answer, records: Questions, question: Question, view: View) -> Mapping[str, Any]:
    """Add to an answer the number of hours in its time range whose bytes may count twice."""
    told = answer(records, question, view)
    once = told.get("basis", view.basis) is ONCE
    return {**told, "unsettled": records.unsettled(question.customer, question.start, question.end) if once else 0}
