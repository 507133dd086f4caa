"""HTTP requests, sent as they are given.

requests prepares each request anew: it parses and quotes the address, looks for cookies, for a login in .netrc and for
redirects, and merges what a session, the environment and the caller say. For requests that come ready, as those of the
Azure libraries do, that was a fifth of an update's CPU; and a login, a cookie or a redirect has no business in them.
"""

import os
from collections.abc import MutableMapping
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.util import Retry, Timeout

from shared import egress

_CONNECTIONS: Final = 16
_ONCE: Final = Retry(total=False, redirect=False, raise_on_status=False)
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})


class DirectAdapter(HTTPAdapter):
    """Looks up the connections to an address once."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 -- requests's own
        super().__init__(**options)
        self._found: dict[object, Any] = {}

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:  # noqa: ANN401
        if proxies:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        key = (*request.url.split("/", 3)[:3], verify, cert)
        if key not in self._found:
            self._found[key] = super().get_connection_with_tls_context(request, verify, proxies, cert)
        return self._found[key]


class DirectSession(requests.Session):
    """Sends requests over kept connections: no cookies, no redirects, no logins but the request's own.

    The environment's proxy is used only over TLS. Without it, which settings allow only on loopback, a proxy would read
    everything. Safe to share between threads.
    """

    def __init__(self, adapter: type[DirectAdapter] = DirectAdapter) -> None:
        super().__init__()
        self.trust_env = egress.matters(os.environ)
        for scheme in ("http://", "https://"):
            self.mount(scheme, adapter(pool_maxsize=_CONNECTIONS, max_retries=_ONCE))

    def request(  # type: ignore[override] # noqa: PLR0913 -- what ready requests, azure-core's among them, come with
        self,
        method: str,
        url: str,
        *,
        headers: Any,  # noqa: ANN401 -- any mapping of texts, as azure-core has its own
        data: Any = None,  # noqa: ANN401 -- bytes, text, or a file
        timeout: tuple[float, float] | Timeout | None = None,
        stream: bool = False,
        verify: bool | str = True,
        cert: str | None = None,
        proxies: MutableMapping[str, str] | None = None,
        files: None = None,
        allow_redirects: bool = False,
    ) -> requests.Response:
        """Send a request; the length of a file must be in the headers. Errors are those of requests."""
        del files, allow_redirects  # azure-core names them
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = method, url
        prepared.body = data.encode() if isinstance(data, str) else data
        prepared.headers = CaseInsensitiveDict({**self.headers, **headers})
        if isinstance(prepared.body, bytes):
            prepared.headers["Content-Length"] = str(len(prepared.body))
        elif prepared.body is None and method not in _WITHOUT_BODY:
            prepared.headers["Content-Length"] = "0"
        settings: Any = {"proxies": proxies or {}, "stream": stream, "verify": verify, "cert": cert}
        if self.trust_env and url.startswith("https:"):
            settings = self.merge_environment_settings(url, proxies or {}, stream, verify, cert)
        settings["timeout"] = timeout  # also one of urllib3's, which requests takes and its types don't know
        answer = self.get_adapter(url).send(prepared, **settings)
        if not stream:
            answer.content  # noqa: B018 -- it reads the body, and frees the connection
        return answer
