"""`POST /agent/v1/traffic`: accept an interval's flows from an agent once, and store each answer with the machine."""

import re
import sqlite3
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.api.errors import ApiError, StorageFailedError
from gateway.api.health import noting_faults
from gateway.api.intake import Intake, Origin, Reader, idempotency_key
from gateway.api.ndjson import Batch, check_length, read_each_line
from gateway.clock import Clock, to_ms
from gateway.edge.agent_access import AgentAccess, Known
from gateway.edge.agent_identity import behind, dropped
from gateway.limits import Limits
from gateway.stores.agents import Standing
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.server_traffic import Answer
from gateway.stores.stores import Stores
from gateway.traffic.transposed import transposed
from shared.flowlog.check import check
from shared.flowlog.record import Source

_REFUSED_TOKENS: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_INTERVAL: Final = re.compile(r"[0-9]{1,15}")


class AgentDeliveries:
    """Accepts the flows of agents."""

    def __init__(self, access: AgentAccess, stores: Stores, limits: Limits, clock: Clock) -> None:
        self._access = access
        self._stores = stores
        self._clock = clock
        self._intake = Intake(stores, limits, clock)

    async def post(self, request: Request) -> Response:
        """Answer a delivery, and store the answer."""
        with noting_faults(self._stores.health, self._clock):
            return await self._answer(request)

    async def _answer(self, request: Request) -> Response:
        try:
            agent = await self._access.agent(request)
        except ApiError as error:
            if error.status in _REFUSED_TOKENS:
                await self._keep(await self._access.item_of_refused(request), self._refusal(error))
            raise
        # Not stored with the machine: anybody with a token could push out the answers to its agent.
        await run_in_threadpool(self._require_accepted, agent)
        try:
            answer = await self._take(request, agent)
        except ApiError as error:
            await self._keep(agent.item, self._refusal(error))
            raise
        except STORAGE_ERRORS:
            await self._keep(agent.item, self._refusal(StorageFailedError()))
            raise
        except Exception:
            await self._keep(
                agent.item, Answer(self._clock(), 500, None, "The gateway failed; its log has the reason.")
            )
            raise
        await run_in_threadpool(
            self._stores.agents.note_delivery,
            agent.customer,
            agent.id,
            behind(request, self._clock()),
            dropped(request),
        )
        left_out = _left_out(answer["rejected"])
        await self._keep(agent.item, Answer(self._clock(), 200, answer["accepted"], left_out))
        return JSONResponse(answer)

    def _require_accepted(self, agent: Known) -> None:
        match self._stores.agents.standing(agent.item, agent.id):
            case Standing.PENDING:
                raise ApiError(
                    403,
                    "machine_pending",
                    "An administrator has not accepted this agent yet. Open the machine in the console to accept it.",
                )
            case Standing.REFUSED:
                raise ApiError(
                    403,
                    "agent_refused",
                    "An administrator has refused this agent. Open the machine in the console to accept it.",
                )

    async def _take(self, request: Request, agent: Known) -> dict[str, Any]:
        key = idempotency_key(request)
        name, _, interval = key.partition(":")
        # With its own keys, an agent can't keep out anybody else's records.
        if name.lower() != agent.id or not _INTERVAL.fullmatch(interval):
            raise ApiError(
                400,
                "bad_idempotency_key",
                "Send AGENT-ID:MILLISECONDS as Idempotency-Key: the agent's own id, and when the interval begins.",
            )
        await run_in_threadpool(self._require_wanted, agent, int(interval))
        return await self._intake.take(request, Origin(agent.customer, key, by_agent=True), _reader(agent.host))

    def _require_wanted(self, agent: Known, began_ms: int) -> None:
        ended_at = self._stores.blueprints.ended_at(agent.item)
        if ended_at is not None and began_ms >= to_ms(ended_at):
            raise ApiError(
                403,
                "no_blueprint",
                "This interval begins after the last blueprint was removed from this machine. Apply one in the console "
                "to have it accepted.",
            )

    def _refusal(self, error: ApiError) -> Answer:
        return Answer(self._clock(), error.status, None, error.message)

    async def _keep(self, item: int | None, answer: Answer) -> None:
        if item is not None:
            with suppress(sqlite3.Error):  # what the sender is told matters more
                await run_in_threadpool(self._stores.server_traffic.add, item, answer)


def _reader(host: str) -> Reader:
    """Return the function that reads lines from a machine's agent."""

    def check_of_agent(value: object) -> str | None:
        reason = check(value)
        if reason is not None or not isinstance(value, dict):
            return reason
        if value["source"] != Source.AGENT.value:
            return f"source must be {Source.AGENT.value}, not {value['source']}"
        if value["host"].lower() != host.lower():
            return f"host must be {host!r:.80}, the machine of this agent, not {value['host']!r:.80}"
        return None

    def read(body: bytes, limit: int) -> Batch:
        if not body:
            return Batch(0, transposed([]), [])
        check_length(body, limit)
        return read_each_line(body, check_of_agent)

    return read


def _left_out(rejected: list[dict[str, Any]]) -> str:
    """Summarise the lines that were not flows."""
    if not rejected:
        return ""
    first = rejected[0]
    return f"{len(rejected)} left out; the first, line {first['line']}: {first['reason']}"
