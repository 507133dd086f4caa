"""Subscription tokens: made, listed, revoked."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.auth import LONGEST_LIFE
from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.forms import Form, read_form, text_error, whole_number
from gateway.console.home.notices import ends_in, grade_of_life
from gateway.console.links import TOKENS, url
from gateway.console.pages import redirect
from gateway.console.visitor import Visitor
from gateway.stores.accounts import User
from gateway.stores.audit_log import Action
from gateway.stores.tokens import SubscriptionToken, TokenKind, TokenState
from gateway.traffic.first import first_of

_USUAL_LIFE: Final = timedelta(days=365)
_LONGEST_PURPOSE: Final = 100
_CHOICES: Final = {
    TokenKind.INGEST: "For Terraform and the function apps: delivers flow logs and registers subscriptions.",
    TokenKind.AGENT: "For agents on machines: each delivers what its own machine sees, and can do nothing else.",
}
"""What a token may be made for."""


class TokensPage:
    """The page of the subscription tokens."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/tokens`."""
        return await self._page(
            request, visitor, Form({"ends": [self._today(_USUAL_LIFE).isoformat()], "kind": [TokenKind.INGEST]}), {}
        )

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/tokens`: make a token, and show it this once."""
        form = await read_form(request, self._console.limits)
        errors = self._errors(form)
        if errors:
            return await self._page(request, visitor, form, errors, status=422)
        ends = _end_of(date.fromisoformat(form.text("ends")))
        kind = TokenKind(form.text("kind"))
        token, made = await run_in_threadpool(self._make, visitor.user, kind, form.text("purpose"), ends)
        return self._console.pages.render(
            request,
            visitor,
            "setup/token_made.html",
            status=201,
            token=token,
            made=made,
            url=self._console.place.url,
            host=urlsplit(self._console.place.url).hostname,
        )

    async def revoke(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/tokens/NUMBER/revoke`."""
        number = whole_number(request.path_params["number"])
        if number is None or await run_in_threadpool(self._revoke, visitor.user, number) is None:
            raise not_found("token to revoke")
        return redirect(url(TOKENS, revoked=number))

    def _make(self, user: User, kind: TokenKind, purpose: str, ends: datetime) -> tuple[str, SubscriptionToken]:
        now = self._console.clock()
        with self._stores.database.transaction():
            token, made = self._stores.tokens.add(user.customer, now, ends - now, purpose, user.name, kind=kind)
            self._stores.audit_log.add(user.customer, now, user.name, Action.MADE_TOKEN, f"{made.name}, {made.kind}")
        return token, made

    def _revoke(self, user: User, number: int) -> SubscriptionToken | None:
        now = self._console.clock()
        with self._stores.database.transaction():
            revoked = self._stores.tokens.revoke(user.customer, number, now)
            if revoked is not None:
                self._stores.audit_log.add(user.customer, now, user.name, Action.REVOKED_TOKEN, revoked.name)
        return revoked

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
            # The good ones first: whatever else there is, they can be revoked.
            tokens=first_of(sorted(((each, each.state(now)) for each in tokens), key=_is_over)),
            unrestricted=sum(
                each.kind is TokenKind.UNRESTRICTED and each.state(now) is TokenState.ACTIVE for each in tokens
            ),
            life=lambda token: (grade_of_life(token, now), ends_in(token, now)),
            revoked=next((each for each in tokens if each.revoked_at and str(each.number) == revoked), None),
            earliest=self._today().isoformat(),
            latest=self._today(LONGEST_LIFE).isoformat(),
            url=self._console.place.url,
        )

    def _errors(self, form: Form) -> dict[str, str]:
        """Give what is wrong with the fields, by their names."""
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
