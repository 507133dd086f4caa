"""Authentication: people by auth tokens, function apps by subscription tokens."""

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

import jwt
import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gateway.actions.tokens import make_token
from gateway.api.body import read_body
from gateway.api.errors import ApiError
from gateway.clock import Clock, iso
from gateway.limits import Limits
from gateway.sender import record_customer
from gateway.signing_in import SigningIn, TooManyTriesError
from gateway.stores.accounts import Role, User
from gateway.stores.audit_log import Action, Actor
from gateway.stores.stores import Stores
from gateway.stores.tokens import SubscriptionToken, TokenKind

AUTH_TOKEN_LIFE: Final = timedelta(hours=4)
LONGEST_LIFE: Final = timedelta(days=3660)
"""The longest lifetime of a subscription token."""
_ALGORITHM: Final = "HS256"
_NO_STORE: Final = {"Cache-Control": "no-store"}
_MADE: Final = {TokenKind.INGEST, TokenKind.AGENT}
"""The kinds of tokens that can be created."""
_WANTED: Final = {
    TokenKind.INGEST: "This call needs a token of kind ingest, not an agent's. Create one in the console under Tokens, "
    "or with POST /qas/subscription-token.",
    TokenKind.AGENT: "This call needs a token of kind agent, not one for flow logs. Create one in the console under "
    "Tokens.",
}


class Auth:
    """Signs people in, creates subscription tokens and authenticates requests with them."""

    def __init__(self, stores: Stores, signing_in: SigningIn, limits: Limits, clock: Clock) -> None:
        self._stores = stores
        self._signing_in = signing_in
        self._limits = limits
        self._clock = clock
        self._key = stores.accounts.signing_key()

    async def post_auth(self, request: Request) -> Response:
        """Answer `POST /auth`: exchange a name and a password for an auth token (a JWT, valid for 4 hours)."""
        name, password = await self._credentials(request)
        try:
            user = await self._signing_in.user(request, name, password, Action.GOT_AUTH_TOKEN)
        except TooManyTriesError as error:
            raise ApiError(429, "too_many_tries", str(error), {"Retry-After": str(error.seconds)}) from None
        if user is None:
            raise ApiError(401, "wrong_password", "The user name or the password is wrong.")
        now = self._clock()
        mark = await run_in_threadpool(self._stores.accounts.password_mark, user.id)
        claims = {"sub": str(user.id), "iat": now, "exp": now + AUTH_TOKEN_LIFE, "pwd": mark}
        return PlainTextResponse(jwt.encode(claims, self._key, _ALGORITHM), 201, _NO_STORE)

    async def post_subscription_token(self, request: Request) -> Response:
        """Answer `POST /qas/subscription-token` with a new subscription token, which is shown only once."""
        user = await self._user(request)
        _check_may_make_tokens(user)
        body = await read_body(request, self._limits.form_bytes, self._limits.body_seconds)
        life, kind = _wanted(body)
        actor = Actor.user(user, self.address(request))
        token, made = await run_in_threadpool(
            make_token, self._stores, actor, self._clock(), kind, life, "created with the HTTP API"
        )
        return JSONResponse({"subscriptionToken": token, **_about(made)}, 201, _NO_STORE)

    async def get_subscription_token(self, request: Request) -> Response:
        """Answer `GET /qas/subscription-token` with the expiry of the request's token."""
        token = await self.subscription_token(request, TokenKind.INGEST)
        return JSONResponse(_about(token), headers=_NO_STORE)

    async def subscription_token(self, request: Request, wanted: TokenKind) -> SubscriptionToken:
        """Return the details of a request's subscription token.

        Args:
            request: The request.
            wanted: The kind of token that the call needs.

        Raises:
            ApiError: 401 if it is missing, unknown, expired or revoked; 403 if it is of the wrong kind.
        """
        token = await run_in_threadpool(self._stores.tokens.find, bearer(request), self._clock())
        if token is None:
            raise token_refused()
        record_customer(request, token.customer)
        if not token.kind.does(wanted):
            raise ApiError(403, "wrong_token_kind", _WANTED[wanted])
        return token

    def address(self, request: Request) -> str:
        """Return the address that a request comes from; for IPv6, its /64 network."""
        return self._signing_in.address(request)

    def customer_of_refused(self, request: Request) -> int | None:
        """Return the number of the customer whose token a request carries, even if expired or revoked. Blocks.

        Raises:
            ApiError: 401 if it carries none.
        """
        return self._stores.tokens.customer_of(bearer(request))

    async def _user(self, request: Request) -> User:
        """Return the user whose auth token a request carries."""
        presented = bearer(request)
        try:
            # The library would use the machine's clock, so the token's expiry is checked here.
            claims = jwt.decode(
                presented,
                self._key,
                [_ALGORITHM],
                options={"require": ["exp", "sub", "pwd"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise _unauthorized("This is not an auth token of this gateway. Get one with POST /auth.") from None
        if datetime.fromtimestamp(claims["exp"], UTC) <= self._clock():
            raise _unauthorized("The auth token has expired. Get a new one with POST /auth.")
        user = await run_in_threadpool(self._stores.accounts.user, int(claims["sub"]))
        if user is None:
            raise _unauthorized(
                "The user of this auth token no longer exists. Sign in as another user with POST /auth."
            )
        if claims["pwd"] != await run_in_threadpool(self._stores.accounts.password_mark, user.id):
            raise _unauthorized(
                "The password has been changed since this auth token was issued. POST /auth with the new password."
            )
        record_customer(request, user.customer)
        return user

    async def _credentials(self, request: Request) -> tuple[str, str]:
        """Read the form of `POST /auth`."""
        body = await read_body(request, self._limits.form_bytes, self._limits.body_seconds)
        try:
            form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10)
            (name,), (password,), (wanted,) = form["username"], form["password"], form["token"]
        except (ValueError, KeyError):
            wanted = ""
        if wanted != "true":
            raise ApiError(
                400,
                "bad_form",
                "Send username, password and token=true, each once, as application/x-www-form-urlencoded.",
            )
        return name, password


def bearer(request: Request) -> str:
    """Return the token that a request carries.

    Raises:
        ApiError: 401 if it carries none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized("Send the header Authorization: Bearer TOKEN.")
    return token.strip()


def token_refused() -> ApiError:
    """Return the error for a subscription token that is not valid, or no longer is."""
    return _unauthorized(
        "The subscription token is unknown, expired or revoked. Create a new one with POST /qas/subscription-token."
    )


def _check_may_make_tokens(user: User) -> None:
    """Refuse users whom the console would refuse too."""
    if user.role is not Role.ADMINISTRATOR:
        raise ApiError(
            403, "not_administrator", "Only administrators can create subscription tokens. Ask an administrator."
        )
    if user.needs_new_password:
        raise ApiError(
            403,
            "one_time_password",
            "You have a one-time password. Sign in to the console and choose your own password.",
        )


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})


def _about(token: SubscriptionToken) -> dict[str, str]:
    """Return a token's details as its holder sees them."""
    return {"kind": token.kind, "expiresAt": iso(token.expires_at)}


def _wanted(body: bytes) -> tuple[timedelta, TokenKind]:
    """Read the lifetime and the kind of a subscription token."""
    try:
        wanted = orjson.loads(body)
    except orjson.JSONDecodeError:
        wanted = None
    asked = wanted if isinstance(wanted, dict) else {}
    return _life(asked.get("expiry")), _kind(asked.get("kind", TokenKind.INGEST))


def _kind(wanted: object) -> TokenKind:
    kind = next((each for each in _MADE if each == wanted), None)
    if kind is None:
        raise ApiError(
            400,
            "bad_token_kind",
            'kind must be "ingest", for flow logs and registration, or "agent", for agents on machines.',
        )
    return kind


def _life(wanted: object) -> timedelta:
    """Read a lifetime; the unit, minutes, is our interpretation of the vendor's example."""
    longest = LONGEST_LIFE // timedelta(minutes=1)
    if isinstance(wanted, float) and wanted.is_integer():
        wanted = int(wanted)  # which JSON does not distinguish from an integer
    if type(wanted) is not int or not 1 <= wanted <= longest:
        raise ApiError(
            400, "bad_expiry", f'Send {{"expiry": MINUTES}}, a whole number from 1 to {longest}; 500000 is 347 days.'
        )
    return timedelta(minutes=wanted)
