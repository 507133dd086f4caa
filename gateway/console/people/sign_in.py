"""Signing in and out."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.access import Access
from gateway.console.console import Console
from gateway.console.forms import read_form
from gateway.console.links import ACCOUNT, SIGN_IN
from gateway.console.pages import redirect
from gateway.console.people.devices import Devices
from gateway.console.visitor import Visitor
from gateway.signing_in import SigningIn, TooManyTriesError
from gateway.stores.audit_log import Action

_OWN_PATH: Final = re.compile(r"/(?!/)[!-\[\]-~]*")
"""A path on this site: a second slash, or a backslash, which browsers treat as one, would start another host's name."""


class SignIn:
    """The sign-in page, and the button to sign out."""

    def __init__(self, console: Console, access: Access, devices: Devices, signing_in: SigningIn) -> None:
        self._console = console
        self._access = access
        self._devices = devices
        self._signing_in = signing_in

    async def get(self, request: Request) -> Response:
        """Answer `GET /sign-in`."""
        then = _own_path(request.query_params.get("next", ""))
        if await self._access.visitor(request) is not None:
            return redirect(then)
        return self._page(request, then)

    async def post(self, request: Request) -> Response:
        """Answer `POST /sign-in`: begin a session, and go on to the page that was requested first."""
        form = await read_form(request, self._console.limits)
        then = _own_path(form.text("next"))
        name = form.verbatim("username")
        try:
            device = self._devices.device(request, name)
            user = await self._signing_in.user(request, name, form.verbatim("password"), Action.SIGNED_IN, device)
        except TooManyTriesError as error:
            headers = {"Retry-After": str(error.seconds)}
            return self._page(request, then, name, str(error), status=429, headers=headers)
        if user is None:
            return self._page(request, then, name, "The user name or the password is wrong.", status=401)
        response = redirect(ACCOUNT if user.needs_new_password else then)
        await self._access.begin(request, user, response)
        self._devices.mark(response, name)
        return response

    async def sign_out(self, request: Request, _visitor: Visitor) -> Response:
        """Answer `POST /sign-out`."""
        response = redirect(SIGN_IN)
        await self._access.end(request, response)
        return response

    def _page(
        self,
        request: Request,
        then: str,
        name: str = "",
        error: str = "",
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return self._console.pages.render(
            request, None, "people/sign_in.html", status=status, headers=headers, then=then, name=name, error=error
        )


def _own_path(path: str) -> str:
    return path if _OWN_PATH.fullmatch(path) else "/"
