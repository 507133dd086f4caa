"""The endpoint that gives an app in Azure the tokens of its managed identity (App Service, "identity endpoint")."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import jwt

from tests.support.servers import LocalServer, Request, answer, serving

HEADER = "planted-identity-header"
_END = 2**33


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Who asked (None: the system-assigned identity), and for which audience."""

    client_id: str | None
    audience: str


class IdentityEndpoint:
    """A running endpoint."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.environment = {"IDENTITY_ENDPOINT": f"{server.url}/msi/token", "IDENTITY_HEADER": HEADER}

    @property
    def requests(self) -> list[TokenRequest]:
        """What it was asked for, oldest first."""
        return [_read(request) for request in self.server.requests]


@contextlib.contextmanager
def identity_endpoint() -> Iterator[IdentityEndpoint]:
    """Run an endpoint that knows every identity, and gives each the tokens that it asks for."""
    with serving(_respond) as server:
        yield IdentityEndpoint(server)


def access_token(audience: str) -> str:
    """Return an access token as the endpoint gives it out; nobody signed it."""
    claims = {"aud": audience, "iss": "https://sts.windows.net/tenant/", "iat": 0, "nbf": 0, "exp": _END}
    return jwt.encode(claims, None, algorithm="none")


def _respond(request: Request) -> list[bytes]:
    if request.headers["X-IDENTITY-HEADER"] != HEADER:
        return answer(403)
    wanted = _read(request)
    token = access_token(wanted.audience)
    content = {"access_token": token, "expires_on": str(_END), "resource": wanted.audience, "token_type": "Bearer"}
    return answer(200, content, Content_Type="application/json")


def _read(request: Request) -> TokenRequest:
    query = parse_qs(urlsplit(request.path).query)
    return TokenRequest(query.get("client_id", [None])[0], query["resource"][0])
