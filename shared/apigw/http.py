"""HTTP with the gateway and the vault: an answer is taken as it is, and nothing replaces the token."""

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.auth import AuthBase

from shared.secret import Secret


class Session(requests.Session):
    """Keeps connections, but no cookies; follows no redirect; and uses the environment's proxy only over TLS.

    Without TLS, which settings allow only on loopback, a proxy would read the token.

    Told not to follow a redirect, requests still looks where it leads: it reads the whole answer into memory, however
    long, and fails on a malformed address. Here an answer with a Location is like any other.
    """

    def __init__(self) -> None:
        super().__init__()
        self.headers["User-Agent"] = "sluice"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp

    def merge_environment_settings(self, url: Any, *given: Any) -> Any:  # noqa: ANN401 -- requests's own
        settings = super().merge_environment_settings(url, *given)
        return settings | {"proxies": {}} if url.lower().startswith("http:") else settings


class Bearer(AuthBase):
    """Puts a bearer token on a request; as a mere header, requests would let a .netrc entry replace it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal}"
        return request
