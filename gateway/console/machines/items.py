"""Configuration items: the machines, their agents, and which blueprints are applied."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.machines import MachineChange, add_machine, remove_machine, save_machine
from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.forms import Form, read_form, text_error, whole_number
from gateway.console.kept_forms import kept_form
from gateway.console.links import MACHINES, url
from gateway.console.machines.choices import choices, ticks_of
from gateway.console.machines.schedule import Schedule, schedule_of
from gateway.console.pages import redirect
from gateway.console.visitor import Visitor
from gateway.stores.agents import Agent, Standing
from gateway.stores.audit_log import Actor
from gateway.stores.blueprints import Blueprint
from gateway.stores.errors import TakenError
from gateway.stores.items import Item, ItemFilter, ItemState
from gateway.stores.machines import SILENT
from gateway.stores.server_traffic import Answer
from gateway.stores.stores import Stores
from gateway.traffic.first import first_of

MOST_LISTED: Final = 500
WRONG_CLOCK: Final = timedelta(minutes=1)
_LONGEST_NAME: Final = 255
_LONGEST_SYSTEM: Final = 200
_MOST_ADDRESSES: Final = 64


class ItemsPage:
    """The pages of the configuration items."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def overview(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/items` with the filtered list."""
        query = request.query_params
        wanted, errors = item_filter(query)
        customer = visitor.user.customer
        items: list[Item] = []
        if not errors:
            items = await run_in_threadpool(self._stores.items.page, customer, wanted, MOST_LISTED + 1)
        saved, schedule = await run_in_threadpool(self._saved, customer, query.get("saved", ""))
        return self._console.pages.render(
            request,
            visitor,
            "machines/items.html",
            status=422 if errors else 200,
            errors=errors,
            items=items[:MOST_LISTED],
            more=len(items) > MOST_LISTED,
            wanted=wanted,
            filtered=wanted != ItemFilter(),
            states=list(ItemState),
            silent_since=self._console.clock() - SILENT,
            saved=saved,
            schedule=schedule,
            removed="removed" in query,
        )

    async def new(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/items/new`."""
        return self._form(request, visitor, kept_form(request) or Form({}), {})

    async def add(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/items/new`: add a machine by hand."""
        form = await read_form(request, self._console.limits)
        errors = _errors(form)
        if not errors:
            try:
                number = await run_in_threadpool(self._add, visitor.actor, form)
            except TakenError as error:
                errors = {"name": str(error)}
            else:
                return redirect(url(MACHINES, saved=number))
        return self._form(request, visitor, form, errors, status=422)

    async def editor(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/items/NUMBER`."""
        item = await self._item(request, visitor)
        agents, blueprints, applied, last = await run_in_threadpool(self._about, item, visitor.user.customer)
        query = request.query_params
        wanted = "" if "all" in query else query.get("blueprint", "").strip()
        kept = kept_form(request)
        chosen = query.getlist if kept is None else kept.all
        ticks = ticks_of(chosen("listed"), chosen("applied"))
        waiting = [each for each in agents if each.standing is Standing.PENDING]
        now = self._console.clock()
        return self._console.pages.render(
            request,
            visitor,
            "machines/item.html",
            item=item,
            schedule=await run_in_threadpool(schedule_of, self._stores, item, now),
            agents=first_of(agents),
            waiting=waiting,
            decided=next((each for each in agents if each.identity.id == query.get("decided")), None),
            choices=choices(blueprints, applied, ticks, wanted),
            last=last,
            wanted=wanted,
            silent_since=now - SILENT,
            wrong_clock=WRONG_CLOCK,
        )

    async def save(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/items/NUMBER`: apply the blueprints that are ticked, and accept the machine.

        It also accepts the agent that the page named, the only one that claimed the machine when the page was made.
        """
        item = await self._item(request, visitor)
        form = await read_form(request, self._console.limits)
        await run_in_threadpool(self._save, visitor.actor, item, form)
        return redirect(url(MACHINES, saved=item.number))

    async def remove(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/items/NUMBER/remove`."""
        item = await self._item(request, visitor)
        await run_in_threadpool(remove_machine, self._stores, visitor.actor, self._console.clock(), item)
        return redirect(url(MACHINES, removed=1))

    async def _item(self, request: Request, visitor: Visitor) -> Item:
        return await find_item(self._stores, request, visitor)

    def _about(self, item: Item, customer: int) -> tuple[list[Agent], list[Blueprint], set[int], Answer | None]:
        blueprints = self._stores.blueprints
        last = self._stores.server_traffic.last([item.number]).get(item.number)
        return (
            self._stores.agents.of_item(item.number),
            blueprints.all(customer),
            blueprints.applied(item.number),
            last,
        )

    def _saved(self, customer: int, number: str) -> tuple[Item | None, Schedule | None]:
        known = whole_number(number)
        item = None if known is None else self._stores.items.find(customer, known)
        return item, None if item is None else schedule_of(self._stores, item, self._console.clock())

    def _add(self, actor: Actor, form: Form) -> int:
        what = form.text("name"), _addresses(form.text("addresses")), form.text("system")
        return add_machine(self._stores, actor, self._console.clock(), *what)

    def _save(self, actor: Actor, item: Item, form: Form) -> None:
        ticks = ticks_of(form.all("listed"), form.all("applied"))
        change = MachineChange(sorted(ticks.ticked), sorted(ticks.removed), form.text("agent"))
        save_machine(self._stores, actor, self._console.clock(), item, change)

    def _form(
        self, request: Request, visitor: Visitor, form: Form, errors: dict[str, str], *, status: int = 200
    ) -> Response:
        return self._console.pages.render(
            request, visitor, "machines/item_form.html", status=status, form=form, errors=errors
        )


async def find_item(stores: Stores, request: Request, visitor: Visitor) -> Item:
    """Return the machine that an address names."""
    number = whole_number(request.path_params["number"])
    item = None if number is None else await run_in_threadpool(stores.items.find, visitor.user.customer, number)
    if item is None:
        raise not_found("configuration item")
    return item


def item_filter(query: Mapping[str, str]) -> tuple[ItemFilter, dict[str, str]]:
    """Read the filters of a list's columns, and what is wrong with them, by field name."""
    name, address, system, state = (query.get(key, "").strip() for key in ("name", "address", "system", "state"))
    wanted = ItemFilter(name, address, system, ItemState(state) if state in set(ItemState) else None)
    if "/" not in address:
        return wanted, {}
    try:
        # With its host bits, such as in 10.1.2.3/16, an address names the network that it is in.
        return replace(wanted, address=ip_network(address, strict=False)), {}
    except ValueError:
        return wanted, {
            "address": "This is not a network. Enter one such as 10.1.0.0/16 or fd00::/8, or part of an address."
        }


def _errors(form: Form) -> dict[str, str]:
    """Return what is wrong with the fields, by field name."""
    errors = {
        "name": text_error(form.text("name"), _LONGEST_NAME),
        "system": text_error(form.text("system") or "-", _LONGEST_SYSTEM),
    }
    try:
        if len(_addresses(form.text("addresses"))) > _MOST_ADDRESSES:
            errors["addresses"] = f"Enter at most {_MOST_ADDRESSES} addresses."
    except ValueError:
        errors["addresses"] = "Enter addresses such as 10.0.0.4, separated by commas."
    return {name: error for name, error in errors.items() if error}


def _addresses(text: str) -> list[str]:
    return [str(ip_address(each)) for each in re.split(r"[,\s]+", text) if each]
