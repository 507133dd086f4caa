"""`GET /agent/v1/request`: an agent polls for what to collect, and is answered as soon as it changes."""

from typing import Any

from anyio import current_time
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.edge.agent_access import AgentAccess, Known
from gateway.limits import Limits
from gateway.stores.agents import Standing
from gateway.stores.stores import Stores


class AgentPoll:
    """Answers agents' polls."""

    def __init__(self, access: AgentAccess, stores: Stores, limits: Limits) -> None:
        self._access = access
        self._stores = stores
        self._limits = limits

    async def get(self, request: Request) -> Response:
        """Answer at once if the agent's etag is outdated, otherwise at the next change or when the time is up."""
        agent = await self._access.agent(request)
        known = request.query_params.get("known")
        until = current_time() + self._limits.poll_seconds
        # Watched before the first query, so that a change between two queries is noticed, too.
        with self._stores.changes.watched(agent.customer, agent.id) as watch:
            orders = await self._orders(agent)
            while orders["etag"] == known and not watch.over and await watch.wait(until - current_time()):
                orders = await self._orders(agent)
        return JSONResponse(orders, headers={"Cache-Control": "no-store"})

    async def _orders(self, agent: Known) -> dict[str, Any]:
        interval = await run_in_threadpool(self._interval, agent)
        if interval is None:
            return {"collect": False, "etag": "idle"}
        return {"collect": True, "interval_seconds": interval, "etag": f"collect-{interval}"}

    def _interval(self, agent: Known) -> int | None:
        # Queried each time: the machine may have been removed in the meantime, and the decision about the agent with
        # it.
        if self._stores.agents.standing(agent.item, agent.id) is not Standing.ACCEPTED:
            return None
        return self._stores.blueprints.interval(agent.item)
