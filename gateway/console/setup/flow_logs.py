"""Configure Flow Logs: which storage accounts deliver, and what has arrived from them."""

from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.deployments import add_deployment, remove_deployment, replace_deployment
from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.forms import read_form
from gateway.console.home.attention import Attention
from gateway.console.home.notices import Situation
from gateway.console.home.sources import Source
from gateway.console.kept_forms import kept_form
from gateway.console.links import FLOW_LOGS, url
from gateway.console.pages import go_to, redirect
from gateway.console.setup.details import details_of
from gateway.console.setup.flow_logs_form import (
    MOST_ACCOUNTS,
    Draft,
    checked,
    draft_of,
    empty_draft,
    read_draft,
    reviewed,
    with_one_more_row,
    without_row,
)
from gateway.console.setup.regions import REGIONS
from gateway.console.visitor import Visitor
from gateway.stores.accounts import User
from gateway.stores.audit_log import Actor
from gateway.stores.deployments import Deployment
from gateway.stores.errors import ChangedError, TakenError
from gateway.traffic.first import first_of


class FlowLogsPage:
    """The pages of the Flow Logs configurations."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores
        self._attention = Attention(console)

    async def overview(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/flow-logs`."""
        customer = visitor.user.customer
        deployments = await run_in_threadpool(self._stores.deployments.all, customer)
        situation = await run_in_threadpool(self._attention.situation, customer)
        told = {word: request.query_params.get(word, "") for word in ("saved", "removed")}
        names = {each.name for each in deployments}
        return self._console.pages.render(
            request,
            visitor,
            "setup/flow_logs.html",
            deployments=first_of(deployments),
            sources={each.heard.account: each for each in situation.sources},
            unconfigured=first_of([each for each in situation.sources if _is_unconfigured(each, situation)]),
            saved=told["saved"] if told["saved"] in names else "",
            removed=bool(told["removed"]),
            packaged=self._console.site.package.is_file(),
        )

    async def new(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/flow-logs/new`."""
        kept = kept_form(request)
        return self._form(request, visitor, empty_draft() if kept is None else reviewed(read_draft(kept, None)), None)

    async def add(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/flow-logs/new`."""
        return await self._save(request, visitor, None)

    async def edit(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/flow-logs/NAME/edit`."""
        stored = await self._deployment(request, visitor)
        kept = kept_form(request)
        draft = draft_of(stored) if kept is None else reviewed(read_draft(kept, stored))
        return self._form(request, visitor, draft, stored)

    async def replace(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/flow-logs/NAME/edit`."""
        return await self._save(request, visitor, await self._deployment(request, visitor))

    async def details(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/flow-logs/NAME`."""
        deployment = await self._deployment(request, visitor)
        customer, now = visitor.user.customer, self._console.clock()
        return self._console.pages.render(
            request,
            visitor,
            "setup/flow_logs_details.html",
            details=await run_in_threadpool(details_of, self._stores, customer, deployment, now),
            url=self._console.site.url,
            reached_from=self._console.site.reach,
            packaged=self._console.site.package.is_file(),
        )

    async def remove(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/flow-logs/NAME/remove`."""
        deployment = await self._deployment(request, visitor)
        now = self._console.clock()
        await run_in_threadpool(remove_deployment, self._stores, visitor.actor, now, deployment.name)
        return redirect(url(FLOW_LOGS, removed=1))

    async def _deployment(self, request: Request, visitor: Visitor) -> Deployment:
        name = request.path_params["name"]
        found = await run_in_threadpool(self._stores.deployments.find, visitor.user.customer, name)
        if found is None:
            raise not_found("deployment")
        return found

    async def _save(self, request: Request, visitor: Visitor, stored: Deployment | None) -> Response:
        form = await read_form(request, self._console.limits)
        draft = read_draft(form, stored)
        if "add" in form:
            return self._form(request, visitor, with_one_more_row(draft), stored)
        if "remove" in form:
            return self._form(request, visitor, without_row(draft, form.text("remove")), stored)
        draft = checked(draft, await run_in_threadpool(self._others, visitor.user, stored))
        if draft.good:
            try:
                await run_in_threadpool(self._put, visitor.actor, draft, stored)
            except (TakenError, ChangedError) as error:
                draft = replace(draft, errors={"name": str(error)})
        if not draft.good:
            return self._form(request, visitor, draft, stored, status=422)
        return go_to(request, url(FLOW_LOGS, saved=draft.name))

    def _others(self, user: User, stored: Deployment | None) -> list[Deployment]:
        return [
            each for each in self._stores.deployments.all(user.customer) if stored is None or each.name != stored.name
        ]

    def _put(self, actor: Actor, draft: Draft, stored: Deployment | None) -> None:
        now = self._console.clock()
        what = draft.name, draft.subscription_id, [row.account for row in draft.rows]
        if stored:
            replace_deployment(self._stores, actor, now, *what, draft.seen)
        else:
            add_deployment(self._stores, actor, now, *what)

    def _form(
        self, request: Request, visitor: Visitor, draft: Draft, stored: Deployment | None, *, status: int = 200
    ) -> Response:
        return self._console.pages.render(
            request,
            visitor,
            "setup/flow_logs_form.html",
            status=status,
            draft=draft,
            stored=stored,
            full=len(draft.rows) >= MOST_ACCOUNTS,
            regions=REGIONS,
            url=self._console.site.url,
            reached_from=self._console.site.reach,
        )


def _is_unconfigured(source: Source, situation: Situation) -> bool:
    return source.heard.account is not None and source.heard.account not in situation.configured
