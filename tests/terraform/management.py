"""What the module's program calls over HTTP: Azure Resource Manager, vaults, and the function apps of the stand-in."""

import contextlib
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from dev.certificate import Certificate
from tests.support.proxies import Proxy, proxying
from tests.support.servers import Request, answer, serving
from tests.terraform.standin import endpoints
from tests.terraform.standin.app_service import AppService
from tests.terraform.standin.estate import Estate

HOSTS = (
    *endpoints.HOSTS,
    "management.azure.com",
    "graph.microsoft.com",
    "*.vault.azure.net",
    "*.blob.core.windows.net",
)
"""The names that a certificate for all of them needs."""
_KEY = re.compile("/host/default/systemkeys/blobs_extension$")


class KeyedAppService(AppService):
    """Hosts that take a key for Event Grid, and make one of their own where they were given none."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, str] = {}

    def take_key(self, host: str, key: str) -> bool:
        """Whether a host runs, and so takes a key."""
        if not self.functions(host):
            return False
        self.keys[host] = key
        return True

    def key(self, host: str) -> str:
        """An app's key for Event Grid; none before its host has loaded functions."""
        return self.keys.get(host, super().key(host)) if self.functions(host) else ""


@contextlib.contextmanager
def answering(estate: Estate, certificate: Certificate) -> Iterator[Proxy]:
    """Serve every name of `HOSTS` behind a proxy on loopback."""
    with serving(lambda request: _answer(estate, request), certificate) as server, proxying(server.url) as proxy:
        yield proxy


def _answer(estate: Estate, request: Request) -> list[bytes]:
    host = str(request.headers["Host"]).partition(":")[0]
    if host == "management.azure.com":
        return _management(estate, request)
    if host.endswith(".vault.azure.net"):
        return _vault(estate, host, urlsplit(request.path).path)
    return endpoints._app(estate, request)


def _management(estate: Estate, request: Request) -> list[bytes]:
    path = urlsplit(request.path).path
    app = estate.resources.get(_KEY.sub("", path))
    if request.method != "PUT" or not _KEY.search(path) or app is None:
        return answer(HTTPStatus.NOT_FOUND)
    given = json.loads(request.body)["properties"]
    taken = given["name"] == "blobs_extension" and estate.app_service.take_key(
        app.values["default_hostname"], given["value"]
    )
    # what users report of a host that is down
    return answer(HTTPStatus.CREATED if taken else HTTPStatus.BAD_REQUEST)


def _vault(estate: Estate, host: str, path: str) -> list[bytes]:
    if not estate.vaults.ask(host.partition(".")[0]):
        return answer(HTTPStatus.FORBIDDEN, {"error": {"code": "Forbidden", "message": "Caller is not authorized."}})
    if path == "/secrets":
        return answer(HTTPStatus.OK, {"value": []})
    vault = host.partition(".")[0]
    value = next((value for name, value in estate.vaults.secrets.items() if vault in name and path in name), None)
    return answer(HTTPStatus.NOT_FOUND) if value is None else answer(HTTPStatus.OK, {"value": value})
