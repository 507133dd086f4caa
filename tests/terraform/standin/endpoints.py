"""What the module's program calls over HTTP: Azure Resource Manager, vaults, function apps, and Kudu, which deploys."""

import contextlib
import json
import re
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from dev.certificate import Certificate
from tests.support.proxies import Proxy, proxying
from tests.support.servers import Request, answer, serving
from tests.terraform.standin.az import ACCESS_TOKEN
from tests.terraform.standin.azure import Azure
from tests.terraform.standin.directory import directory, resource, vault
from tests.terraform.standin.estate import Estate

HOSTS = (
    "*.azurewebsites.net",
    "*.scm.azurewebsites.net",
    "management.azure.com",
    "graph.microsoft.com",
    "*.vault.azure.net",
    "*.blob.core.windows.net",
)
"""The names that a certificate for all of them needs."""
_KEY = re.compile("/host/default/systemkeys/blobs_extension$")


@contextlib.contextmanager
def over_http(azure: Azure, certificate: Certificate) -> Iterator[Proxy]:
    """Serve every name of `HOSTS` behind a proxy on loopback."""

    def respond(request: Request) -> list[bytes]:
        host = str(request.headers["Host"]).partition(":")[0]
        said = _answer(azure, host, request)
        azure.traffic.passed(f"{request.method} {host.partition('.')[2]}")
        return said

    with serving(respond, certificate) as server, proxying(server.url) as proxy:
        yield proxy


def _answer(azure: Azure, host: str, request: Request) -> list[bytes]:
    estate = azure.estate
    if host.endswith(".azurewebsites.net") and ".scm." not in host:
        return _webhook(estate, host, request)
    if request.headers["Authorization"] != f"Bearer {ACCESS_TOKEN}":
        return answer(HTTPStatus.UNAUTHORIZED)
    if host == "management.azure.com":
        return _management(estate, request)
    if host.endswith(".vault.azure.net"):
        return vault(azure, host.partition(".")[0], request)
    if host == "graph.microsoft.com":
        return directory(estate, request)
    return _kudu(estate, host.replace(".scm.", ".", 1), request)


def _management(estate: Estate, request: Request) -> list[bytes]:
    if request.method == "GET":
        return resource(estate, request)
    path = urlsplit(request.path).path
    app = estate.resources.get(_KEY.sub("", path))
    if request.method != "PUT" or not _KEY.search(path) or app is None:
        return answer(HTTPStatus.NOT_FOUND)
    given, host = json.loads(request.body)["properties"], app.values["default_hostname"]
    if given["name"] != "blobs_extension" or not estate.host_runs(host):
        return answer(HTTPStatus.BAD_REQUEST)  # what users report of a host that is down
    taken = estate.app_service.take_key(host, given["value"])
    return answer(HTTPStatus.CREATED if taken else HTTPStatus.BAD_REQUEST)


def _kudu(estate: Estate, app: str, request: Request) -> list[bytes]:
    url = urlsplit(request.path)
    if not any(one.values["default_hostname"] == app for one in estate.of("azurerm_function_app_flex_consumption")):
        return answer(HTTPStatus.NOT_FOUND)
    if (request.method, url.path) == ("POST", "/api/publish"):
        return _publish(estate, app, request)
    if (request.method, url.path) == ("GET", "/api/deployments/one"):
        return answer(HTTPStatus.OK, {"status": estate.app_service.deploys.value})
    return answer(HTTPStatus.NOT_FOUND)


def _publish(estate: Estate, app: str, request: Request) -> list[bytes]:
    if estate.app_service.accepts is HTTPStatus.ACCEPTED:
        try:
            estate.app_service.deploy(app, request.body)
        except zipfile.BadZipFile:
            return answer(HTTPStatus.BAD_REQUEST)
    return answer(estate.app_service.accepts, "one")


def _webhook(estate: Estate, host: str, request: Request) -> list[bytes]:
    url = urlsplit(request.path)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    if not estate.host_runs(host):
        return answer(HTTPStatus.SERVICE_UNAVAILABLE)
    known = estate.app_service.answers(host, query.get("functionName", ""), query.get("code", ""))
    if (
        url.path != "/runtime/webhooks/blobs"
        or request.headers["aeg-event-type"] != "SubscriptionValidation"
        or not known
    ):
        return answer(HTTPStatus.UNAUTHORIZED)
    code = json.loads(request.body)[0]["data"]["validationCode"]
    return answer(HTTPStatus.OK, {"validationResponse": code})
