"""Who may see which page: sessions, their cookie, and the checks that every form must pass."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from gateway.clock import Clock
from gateway.console.csrf import FormTokens, agree
from gateway.console.errors import PageError
from gateway.console.forms import read_beginning_of_form
from gateway.console.kept_forms import KeptForm, KeptForms
from gateway.console.links import ACCOUNT, HOME, sign_in_url
from gateway.console.pages import go_to
from gateway.console.visitor import Visitor
from gateway.limits import Limits
from gateway.sender import record_customer, sender
from gateway.site import Site
from gateway.stores.accounts import Role, User
from gateway.stores.sessions import Sessions

type Endpoint = Callable[[Request], Awaitable[Response]]
type Handler = Callable[[Request, Visitor], Awaitable[Response]]
"""Answers a request of a visitor who has signed in."""

_WHO: Final = {
    Role.READER: "people who have signed in",
    Role.ANALYST: "analysts and administrators",
    Role.ADMINISTRATOR: "administrators",
}
_SAFE_METHODS: Final = {"GET", "HEAD"}
_REFRESHED: Final = "live"
"""The part of the home page that refreshes itself, without anybody's click."""
_STALE: Final = (
    "This form does not belong to your session, which may have ended. Reload the page, and submit the form again."
)
_FOREIGN: Final = "This form was sent from another site. Open the page here, and submit the form from it."


class Access:
    """Lets people in."""

    def __init__(
        self, sessions: Sessions, tokens: FormTokens, site: Site, limits: Limits, clock: Clock, gateway: str
    ) -> None:
        """Control access to a gateway's console. `gateway` distinguishes it from others on the same host, whose cookies
        browsers send too.
        """
        self._sessions = sessions
        self._tokens = tokens
        self._kept_forms = KeptForms()
        self._limits = limits
        self._clock = clock
        self._encrypted = site.encrypted
        self._behind_a_proxy = site.behind_a_proxy
        # With this prefix, browsers accept the cookie only over TLS, and only from this host.
        self._cookie = f"{'__Host-' if site.encrypted else ''}sluice-{gateway}"

    def everybody(self, handler: Endpoint) -> Endpoint:
        """Open a page to everybody, signed in or not; forms must come from this site."""

        async def endpoint(request: Request) -> Response:
            _check_origin(request)
            return await handler(request)

        return endpoint

    def reader(self, handler: Handler) -> Endpoint:
        """Open a page to everybody who has signed in."""
        return self._opened(handler, Role.READER)

    def analyst(self, handler: Handler) -> Endpoint:
        """Open a page to analysts and administrators."""
        return self._opened(handler, Role.ANALYST)

    def administrator(self, handler: Handler) -> Endpoint:
        """Open a page to administrators."""
        return self._opened(handler, Role.ADMINISTRATOR)

    def with_any_password(self, handler: Handler) -> Endpoint:
        """Open a page even to those who have yet to replace their one-time password."""
        return self._opened(handler, Role.READER, any_password=True)

    async def visitor(self, request: Request) -> Visitor | None:
        """Return the visitor whose session a request belongs to."""
        secret = request.cookies.get(self._cookie)
        if secret is None:
            return None
        # The home page refreshes itself: that must not keep an unattended browser signed in.
        keeping = request.headers.get("hx-target") != _REFRESHED
        session = await run_in_threadpool(self._sessions.find, secret, self._clock(), keeping=keeping)
        if session is None:
            return None
        record_customer(request, session.user.customer)
        address = sender(request, behind_a_proxy=self._behind_a_proxy)
        return Visitor(session.user, self._tokens.token(session.user.id, session.csrf), address)

    async def begin(self, request: Request, user: User, response: Response) -> None:
        """Begin a session under a new cookie, and end the one that the request belongs to."""
        await self._end(request)
        secret = await run_in_threadpool(self._sessions.begin, user.id, self._clock())
        response.set_cookie(self._cookie, secret, secure=self._encrypted, httponly=True, samesite="strict")

    async def end(self, request: Request, response: Response) -> None:
        """End the session that a request belongs to."""
        await self._end(request)
        response.delete_cookie(self._cookie, secure=self._encrypted, httponly=True, samesite="strict")

    async def _end(self, request: Request) -> None:
        secret = request.cookies.get(self._cookie)
        if secret is not None:
            await run_in_threadpool(self._sessions.end, secret)

    def _opened(self, handler: Handler, needed: Role, *, any_password: bool = False) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            visitor = await self.visitor(request)
            if visitor is None:
                return go_to(request, sign_in_url(await self._way_back(request)))
            if visitor.user.needs_new_password and not any_password:
                return go_to(request, ACCOUNT)
            role = visitor.user.role
            if not role.includes(needed):
                raise PageError(403, f"Your role is {role}. Only {_WHO[needed]} can do this: ask one of them.")
            if request.method in _SAFE_METHODS:
                # With a query it is another page, such as the copy of something.
                if request.method == "GET" and not request.url.query:
                    request.state.kept_form = self._kept_forms.shown_on(
                        request.url.path, visitor.user.id, self._clock()
                    )
                return await handler(request, visitor)
            _check_origin(request)
            sent = await self._token_sent(request)
            if agree(sent, visitor.csrf):
                self._kept_forms.forget(request.url.path, visitor.user.id)
                return await handler(request, visitor)
            if self._tokens.user_of(sent) == visitor.user.id:
                return go_to(request, await self._way_back(request))
            raise PageError(403, _STALE)

        return endpoint

    async def _way_back(self, request: Request) -> str:
        """Return the page that a request leads to once its sender has signed in, and keep the form that it sent."""
        if request.method in _SAFE_METHODS:
            return request.url.path + (f"?{request.url.query}" if request.url.query else "")
        _check_origin(request)
        page = _page_of(request)
        form = await read_beginning_of_form(request, self._limits)
        user = self._tokens.user_of(await self._token_sent(request))
        if page is None or user is None:
            return page or HOME
        self._kept_forms.keep(user, KeptForm(page, request.url.path, form, self._clock()))
        return page

    async def _token_sent(self, request: Request) -> str:
        in_header = request.headers.get("x-csrf-token")
        return in_header or (await read_beginning_of_form(request, self._limits)).verbatim("csrf")


def _page_of(request: Request) -> str | None:
    """Return the path of the page with the form that was sent: the nearest one at or above the form's own path. None
    for the button to sign out, which is on every page.
    """
    path = request.url.path
    while path and not any(_shows(route, request, path) for route in request.app.routes):
        path = path.rpartition("/")[0]
    return path or None


def _shows(route: BaseRoute, request: Request, path: str) -> bool:
    return route.matches({**request.scope, "path": path, "method": "GET"})[0] is Match.FULL


def _check_origin(request: Request) -> None:
    """Refuse a form that another site's page sends. Browsers say where it comes from, and pages cannot change that."""
    if request.method in _SAFE_METHODS:
        return
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        foreign = fetch_site != "same-origin"
    else:
        origin = request.headers.get("origin")
        foreign = origin is not None and _host(origin) != request.headers.get("host")
    if foreign:
        raise PageError(403, _FOREIGN)


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # as of `http://[`
        return ""
