"""Agents on a machine, which an administrator accepts or refuses by their ids."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.machines import decide_on_agent
from gateway.console.console import Console
from gateway.console.links import machine_url, url
from gateway.console.machines.items import find_item
from gateway.console.pages import redirect
from gateway.console.visitor import Visitor
from gateway.stores.agents import Standing


class AgentsPage:
    """The forms of the agents on a machine's page."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def accept(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/items/NUMBER/agents/ID/accept`."""
        return await self._decide(request, visitor, Standing.ACCEPTED)

    async def refuse(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/items/NUMBER/agents/ID/refuse`."""
        return await self._decide(request, visitor, Standing.REFUSED)

    async def _decide(self, request: Request, visitor: Visitor, standing: Standing) -> Response:
        item = await find_item(self._stores, request, visitor)
        agent: str = request.path_params["agent"]
        now = self._console.clock()
        await run_in_threadpool(decide_on_agent, self._stores, visitor.actor, now, item, agent, standing)
        return redirect(url(machine_url(item.number), decided=agent))
