"""The page of the subscription tokens: list, create, revoke."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.tokens import make_token, revoke_token
from gateway.api.auth import LONGEST_LIFE
from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.forms import Form, read_form, text_error, whole_number
from gateway.console.home.notices import ends_in, grade_of_life
from gateway.console.kept_forms import kept_form
from gateway.console.links import TOKENS, url
from gateway.console.pages import redirect
from gateway.console.visitor import Visitor
from gateway.stores.tokens import SubscriptionToken, TokenKind, TokenState
from gateway.traffic.first import first_of

_USUAL_LIFE: Final = timedelta(days=365)
_LONGEST_PURPOSE: Final = 100
_CHOICES: Final = {
    TokenKind.INGEST: "For Terraform and the function apps: delivers flow logs and registers subscriptions.",
    TokenKind.AGENT: "For agents on machines: each can deliver what its own machine sees, and nothing else.",
}
"""The kinds of token to choose from."""


class TokensPage:
    """The page of the subscription tokens."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/tokens`."""
        usual = Form({"ends": [self._today(_USUAL_LIFE).isoformat()], "kind": [TokenKind.INGEST]})
        return await self._page(request, visitor, kept_form(request) or usual, {})

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/tokens`: create a token, and show it once."""
        form = await read_form(request, self._console.limits)
        errors = self._errors(form)
        if errors:
            return await self._page(request, visitor, form, errors, status=422)
        ends = _end_of(date.fromisoformat(form.text("ends")))
        kind = TokenKind(form.text("kind"))
        now = self._console.clock()
        token, made = await run_in_threadpool(
            make_token, self._stores, visitor.actor, now, kind, ends - now, form.text("purpose")
        )
        return self._console.pages.render(
            request,
            visitor,
            "setup/token_made.html",
            status=201,
            token=token,
            made=made,
            url=self._console.site.url,
            host=urlsplit(self._console.site.url).hostname,
        )

    async def revoke(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/tokens/NUMBER/revoke`."""
        number = whole_number(request.path_params["number"])
        if number is None:
            raise not_found("token to revoke")
        await run_in_threadpool(revoke_token, self._stores, visitor.actor, self._console.clock(), number)
        return redirect(url(TOKENS, revoked=number))

    async def _page(
        self, request: Request, visitor: Visitor, form: Form, errors: dict[str, str], *, status: int = 200
    ) -> Response:
        now = self._console.clock()
        tokens = await run_in_threadpool(self._stores.tokens.all, visitor.user.customer)
        revoked = request.query_params.get("revoked")
        return self._console.pages.render(
            request,
            visitor,
            "setup/tokens.html",
            status=status,
            form=form,
            errors=errors,
            choices=_CHOICES,
            # Valid ones first, so that they can be revoked, however many others there are.
            tokens=first_of(sorted(((each, each.state(now)) for each in tokens), key=_is_over)),
            unrestricted=sum(
                each.kind is TokenKind.UNRESTRICTED and each.state(now) is TokenState.ACTIVE for each in tokens
            ),
            life=lambda token: (grade_of_life(token, now), ends_in(token, now)),
            revoked=next((each for each in tokens if each.revoked_at and str(each.number) == revoked), None),
            earliest=self._today().isoformat(),
            latest=self._today(LONGEST_LIFE).isoformat(),
            url=self._console.site.url,
        )

    def _errors(self, form: Form) -> dict[str, str]:
        """Return what is wrong with the fields, by field name."""
        errors = {"purpose": text_error(form.text("purpose"), _LONGEST_PURPOSE)}
        if form.text("kind") not in set(_CHOICES):
            errors["kind"] = "Choose what the token is for."
        earliest, latest = self._today(), self._today(LONGEST_LIFE)
        try:
            ends = date.fromisoformat(form.text("ends"))
        except ValueError:
            ends = date.min
        if not earliest <= ends <= latest:
            errors["ends"] = f"Enter a day from {earliest} to {latest}, such as {self._today(_USUAL_LIFE)}."
        return {name: error for name, error in errors.items() if error}

    def _today(self, later: timedelta = timedelta(0)) -> date:
        return (self._console.clock() + later).date()


def _is_over(listed: tuple[SubscriptionToken, TokenState]) -> bool:
    return listed[1] is not TokenState.ACTIVE


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(tzinfo=UTC))
