"""Attributes: the latest deliveries of the machines' agents, and their outcomes."""

from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.console import Console
from gateway.console.machines.items import MOST_LISTED, find_item
from gateway.console.visitor import Visitor
from gateway.stores.items import Item, ItemFilter
from gateway.stores.machines import SILENT
from gateway.stores.server_traffic import KEPT, Answer

_ANSWERS: Final = ("200", "other", "stopped", "none")
"""What a list may be filtered by: accepted deliveries, others, machines that stopped, and those without any."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """The attribute `Server Traffic` of a machine.

    Attributes:
        item: The machine.
        last: Its latest value; None if its agent has not delivered anything yet.
    """

    item: Item
    last: Answer | None

    @property
    def kind(self) -> str:
        """The value that the list's filter matches."""
        if not self.item.collects and (self.last or self.item.ended_at):
            return "stopped"
        if self.last is None:
            return "none"
        return "200" if self.last.good else "other"


class AttributesPage:
    """The pages of the attributes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def overview(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/attributes` with the filtered list."""
        name, answer = (request.query_params.get(key, "").strip() for key in ("item", "answer"))
        attributes = await run_in_threadpool(self._attributes, visitor.user.customer, name)
        return self._console.pages.render(
            request,
            visitor,
            "machines/attributes.html",
            attributes=[each for each in attributes[:MOST_LISTED] if answer not in _ANSWERS or each.kind == answer],
            more=len(attributes) > MOST_LISTED,
            name=name,
            answer=answer,
            filtered=bool(name) or answer in _ANSWERS,
            silent_since=self._console.clock() - SILENT,
        )

    async def history(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/attributes/NUMBER` with the latest answers to a machine's deliveries."""
        item = await find_item(self._stores, request, visitor)
        answers = await run_in_threadpool(self._stores.server_traffic.history, item.number)
        return self._console.pages.render(
            request, visitor, "machines/attribute.html", item=item, answers=answers, kept=KEPT
        )

    def _attributes(self, customer: int, name: str) -> list[Attribute]:
        items = self._stores.items.page(customer, ItemFilter(name=name), MOST_LISTED + 1)
        last = self._stores.server_traffic.last(each.number for each in items)
        return [Attribute(each, last.get(each.number)) for each in items]
