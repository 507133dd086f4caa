"""A user's own account: name, role and password."""

from functools import partial

import anyio
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.access import Access
from gateway.console.console import Console
from gateway.console.forms import Form, read_form
from gateway.console.links import ACCOUNT, HOME, url
from gateway.console.pages import redirect
from gateway.console.visitor import Visitor
from gateway.guessable import SHORTEST, password_error
from gateway.signing_in import SigningIn, TooManyTriesError


class Account:
    """The page of the visitor's own account."""

    def __init__(self, console: Console, access: Access, signing_in: SigningIn) -> None:
        self._console = console
        self._access = access
        self._signing_in = signing_in
        # An estimate may need a core for seconds: one at a time, so that choosing passwords slows down nothing else.
        self._estimates = anyio.CapacityLimiter(1)

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /account`."""
        return self._page(request, visitor, {})

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /account`: change the password, and end the sessions that the old one began."""
        form = await read_form(request, self._console.limits)
        check = partial(_errors, form, visitor.user.name)
        errors = await anyio.to_thread.run_sync(check, limiter=self._estimates)
        if errors:
            return self._page(request, visitor, errors, status=422)
        try:
            changed = await self._signing_in.change_password(
                request, visitor.user, form.verbatim("current"), form.verbatim("new")
            )
        except TooManyTriesError as error:
            headers = {"Retry-After": str(error.seconds)}
            return self._page(request, visitor, {"current": str(error)}, status=429, headers=headers)
        if not changed:
            return self._page(request, visitor, {"current": "This is not your current password."}, status=422)
        response = redirect(HOME if visitor.user.needs_new_password else url(ACCOUNT, changed=1))
        await self._access.begin(request, visitor.user, response)
        return response

    def _page(
        self,
        request: Request,
        visitor: Visitor,
        errors: dict[str, str],
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return self._console.pages.render(
            request,
            visitor,
            "people/account.html",
            status=status,
            headers=headers,
            errors=errors,
            shortest=SHORTEST,
            changed="changed" in request.query_params,
        )


def _errors(form: Form, user: str) -> dict[str, str]:
    """Return what is wrong with the fields, by field name."""
    new = form.verbatim("new")
    errors = {}
    if not form.verbatim("current"):
        errors["current"] = "Enter your current password."
    if error := password_error(new, user):
        errors["new"] = error
    elif new == form.verbatim("current"):
        errors["new"] = "This is your current password. Choose a different one."
    elif new != form.verbatim("again"):
        errors["again"] = "The passwords differ. Enter the new password twice."
    return errors
