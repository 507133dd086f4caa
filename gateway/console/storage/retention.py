"""The page of retention: how long records are kept, and which holds keep some longer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.retention import lift_hold, make_hold, set_retention
from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.forms import Form, read_form, whole_number
from gateway.console.kept_forms import kept_form
from gateway.console.links import RETENTION, span_url, url
from gateway.console.pages import redirect
from gateway.console.storage.hold_form import EARLIEST, LATEST, read_hold
from gateway.console.visitor import Visitor
from gateway.keeping.expired import lives
from gateway.keeping.held import search_of
from gateway.stores.errors import FullError
from gateway.stores.holds import Hold, NewHold
from gateway.stores.retention import MOST_DAYS
from shared.flowlog.record import Source

_NAMES: Final = {Source.NSG: "NSG flow logs", Source.VNET: "VNet flow logs", Source.AGENT: "Agents"}
_NO_ERRORS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Kept:
    """How long the records of a source are kept.

    Attributes:
        source: The source.
        name: Its name for people.
        oldest: The time of its oldest record, in epoch milliseconds; None if there is none.
        life: How long its records are kept, counted from their own timestamps; None for ever.
    """

    source: Source
    name: str
    oldest: int | None
    life: timedelta | None


class RetentionPage:
    """The page of the retention."""

    def __init__(self, console: Console, general: timedelta | None) -> None:
        self._console = console
        self._stores = console.stores
        self._general = general

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/retention`."""
        return await self._page(
            request, visitor, days=kept_form(request), hold=kept_form(request, f"{RETENTION}/holds")
        )

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/retention`: set the customer's own retention."""
        form = await read_form(request, self._console.limits)
        days = {source: whole_number(text) for source in Source if (text := form.text(source))}
        good = {source: number for source, number in days.items() if number is not None and 1 <= number <= MOST_DAYS}
        if good != days:
            wrong = f"Enter a number of days from 1 to {MOST_DAYS:,}, or nothing for the default."
            return await self._page(request, visitor, days=form, errors=dict.fromkeys(days.keys() - good.keys(), wrong))
        await run_in_threadpool(set_retention, self._stores, visitor.actor, self._console.clock(), good)
        return redirect(url(RETENTION, saved=1))

    async def hold(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/retention/holds`: create a hold."""
        form = await read_form(request, self._console.limits)
        asked = read_hold(form)
        if isinstance(asked, NewHold):
            try:
                now = self._console.clock()
                number = await run_in_threadpool(make_hold, self._stores, visitor.actor, now, asked)
            except FullError as error:
                asked = {"search": str(error)}
            else:
                return redirect(url(RETENTION, made=number))
        return await self._page(request, visitor, hold=form, errors=asked)

    async def lift(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/retention/holds/NUMBER/lift`."""
        number = whole_number(request.path_params["number"])
        if number is None:
            raise not_found("hold to lift")
        await run_in_threadpool(lift_hold, self._stores, visitor.actor, self._console.clock(), number)
        return redirect(url(RETENTION, lifted=number))

    def _about(self, customer: int) -> tuple[list[Kept], dict[Source, int], list[Hold]]:
        first = self._stores.records.oldest(customer)
        life = lives(self._stores, customer, self._general)
        kept = [Kept(source, name, first.get(source), life[source]) for source, name in _NAMES.items()]
        return kept, self._stores.retention.days(customer), self._stores.holds.all(customer)

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        *,
        days: Form | None = None,
        hold: Form | None = None,
        errors: Mapping[str, str] = _NO_ERRORS,
    ) -> Response:
        kept, own, holds = await run_in_threadpool(self._about, visitor.user.customer)
        return self._console.pages.render(
            request,
            visitor,
            "storage/retention.html",
            status=422 if errors else 200,
            general=self._general,
            kept=kept,
            days=days or Form({source: [str(number)] for source, number in own.items()}),
            hold=hold or Form({}),
            errors=errors,
            holds=[(each, _rows(each), search_of(each) is not None) for each in holds],
            saved="saved" in request.query_params,
            made=_named(request, "made", holds),
            lifted=_named(request, "lifted", [each for each in holds if each.lifted_at]),
            earliest=EARLIEST,
            latest=LATEST,
            most=MOST_DAYS,
        )


def _rows(hold: Hold) -> str:
    """Return the address of the records that a hold covers."""
    return span_url(hold.search, hold.begins_at, hold.ends_at)


def _named(request: Request, name: str, holds: list[Hold]) -> Hold | None:
    """Return the hold that the address names."""
    return next((each for each in holds if str(each.number) == request.query_params.get(name)), None)
