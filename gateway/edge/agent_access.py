"""Access for agents: who they are, and which machine they are on."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from gateway.actions.machines import register_agent
from gateway.api.auth import Auth, bearer
from gateway.api.errors import ApiError
from gateway.clock import Clock
from gateway.edge.agent_identity import agent_id, describes_agent, identity_of
from gateway.stores.agents import AgentIdentity, Standing
from gateway.stores.audit_log import Actor
from gateway.stores.errors import FullError
from gateway.stores.stores import Stores
from gateway.stores.tokens import SubscriptionToken, TokenKind


@dataclass(frozen=True, slots=True)
class Known:
    """An agent that has been authenticated.

    Attributes:
        customer: The number of its customer.
        id: Its UUID.
        host: Its machine's name.
        item: Its machine's number.
    """

    customer: int
    id: str
    host: str
    item: int


class AgentAccess:
    """Authenticates agents by a token of kind agent."""

    def __init__(self, auth: Auth, stores: Stores, clock: Clock) -> None:
        self._auth = auth
        self._stores = stores
        self._clock = clock

    async def agent(self, request: Request) -> Known:
        """Return the agent that sends a request.

        Raises:
            ApiError: 401 without a valid token, 400 if the agent does not identify itself, 403 with a token of the
                wrong kind, or if the agent has never polled or there are too many.
        """
        token = await self._auth.subscription_token(request, TokenKind.AGENT)
        if not describes_agent(request):
            return await run_in_threadpool(self._known, token.customer, agent_id(request))
        peer = "" if request.client is None else request.client.host
        return await run_in_threadpool(self._register, token, identity_of(request), peer)

    async def item_of_refused(self, request: Request) -> int | None:
        """Return the machine of an accepted agent whose token was once valid, for its refusal to be shown there."""
        try:
            token, agent = bearer(request), agent_id(request)
        except ApiError:
            return None
        return await run_in_threadpool(self._item, token, agent)

    def _item(self, token: str, agent: str) -> int | None:
        customer = self._stores.tokens.customer_of(token)
        known = None if customer is None else self._stores.agents.find(customer, agent)
        return known.item if known is not None and known.standing is Standing.ACCEPTED else None

    def _known(self, customer: int, agent: str) -> Known:
        known = self._stores.agents.find(customer, agent)
        if known is None:
            raise ApiError(
                403, "unknown_agent", "This agent is unknown. Poll GET /agent/v1/request first, then deliver."
            )
        return Known(customer, agent, known.identity.host, known.item)

    def _register(self, token: SubscriptionToken, said: AgentIdentity, peer: str) -> Known:
        now = self._clock()
        try:
            registered = register_agent(self._stores, Actor.token(token, peer), now, said, peer)
        except FullError as error:
            raise ApiError(403, "too_many_agents", str(error)) from None
        return Known(token.customer, said.id, said.host, registered.item)
