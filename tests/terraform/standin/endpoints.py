"""What the module's scripts talk to: the `az` command, the function apps, and their deployment service (Kudu)."""

import contextlib
import json
import sys
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from dev.certificate import Certificate
from tests.support.servers import LocalServer, Request, answer, serving
from tests.terraform.standin.azure import Azure
from tests.terraform.standin.estate import Estate

HOSTS = ("*.azurewebsites.net", "*.scm.azurewebsites.net")
"""The names that a certificate for the function apps needs."""
_ACCESS_TOKEN = "access-token-of-whoever-runs-terraform"
_AZ = """#!{python} -IS
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", {port})
connection.request("POST", "/", json.dumps(sys.argv[1:]))
said = json.load(connection.getresponse())
print(said["stdout"])
print(said["stderr"], file=sys.stderr)
sys.exit(said["status"])
"""


@contextlib.contextmanager
def az_on_path(azure: Azure, folder: Path) -> Iterator[LocalServer]:
    """Put a command `az` into a folder, and answer it. Its requests are what it was called with."""

    def respond(request: Request) -> list[bytes]:
        said = _az(azure, json.loads(request.body))
        azure.traffic.passed("az")
        return answer(200, said)

    with serving(respond) as server:
        program = folder / "az"
        program.write_text(_AZ.format(python=sys.executable, port=urlsplit(server.url).port))
        program.chmod(0o755)
        yield server


def _az(azure: Azure, arguments: list[str]) -> dict[str, object]:
    estate = azure.estate
    match arguments:
        case ["account", "get-access-token", *_]:
            return _says(_ACCESS_TOKEN)
        case ["rest", "--method", "post", "--url", url, *_] if "/host/default/listKeys?" in url:
            app = estate.resources.get(url.partition("/host/")[0])
            return (
                _says(estate.app_service.key(app.values["default_hostname"])) if app else _fails("(ResourceNotFound)")
            )
        case ["rest", "--method", "get", "--url", url, *_] if ".vault.azure.net/" in url:
            known = estate.vaults.ask(str(urlsplit(url).hostname).partition(".")[0])
            return _says("") if known else _fails("Forbidden: the caller has no role.")
    return _look(azure, arguments)


def _look(azure: Azure, arguments: list[str]) -> dict[str, object]:
    """What is there, for whoever takes it up."""
    match arguments:
        case ["cloud", "show", *_]:
            return _says(json.dumps("https://graph.microsoft.com/"))
        case ["group", "list", "--tag", "application=sluice", *_]:
            return _says(json.dumps([group.values["name"] for group in azure.estate.of("azurerm_resource_group")]))
        case ["keyvault", "secret", verb, "--vault-name", vault, "--name", name, *_]:
            return _secret(azure, verb, vault, name)
        case ["rest", "--method", "get", "--url", url, "--url-parameters", parameter, *_]:
            return _rest(azure.estate, url, parameter)
    return _fails(f"The stand-in for az does not know: {' '.join(arguments)}")


def _secret(azure: Azure, verb: str, vault: str, name: str) -> dict[str, object]:
    if verb == "purge":
        return _says("")
    secrets = azure.estate.of("azurerm_key_vault_secret")
    found = [one for one in secrets if one.id.endswith(f"/vaults/{vault}/secrets/{name}")]
    if not found:
        return _fails("(SecretNotFound) A secret with this name was not found in this key vault.")
    if verb == "delete":
        azure.delete(found[0].id)
    return _says("")


_KINDS = {"applications": "azuread_application", "servicePrincipals": "azuread_service_principal"}
_NAMES = {"appId": "client_id", "displayName": "display_name"}


def _rest(estate: Estate, url: str, parameter: str) -> dict[str, object]:
    graph, _, kind = url.partition("https://graph.microsoft.com/v1.0/")
    if graph:
        return _says("{}") if estate.is_there(url) else _fails("Not Found({ResourceNotFound})")
    name, value = parameter.removeprefix("$filter=").removesuffix("'").split(" eq '")
    found = [one for one in estate.of(_KINDS[kind]) if one.values[_NAMES[name]] == value]
    return _says(json.dumps({"value": [{"id": one.values["object_id"]} for one in found]}))


def _says(text: str) -> dict[str, object]:
    return {"status": 0, "stdout": text, "stderr": ""}


def _fails(why: str) -> dict[str, object]:
    return {"status": 1, "stdout": "", "stderr": f"ERROR: {why}"}


@contextlib.contextmanager
def function_apps(azure: Azure, certificate: Certificate) -> Iterator[LocalServer]:
    """Serve every function app and its deployment service, on one port of loopback."""

    def respond(request: Request) -> list[bytes]:
        said = _app(azure.estate, request)
        azure.traffic.passed("function app")
        return said

    with serving(respond, certificate) as server:
        yield server


def _app(estate: Estate, request: Request) -> list[bytes]:
    host = str(request.headers["Host"]).partition(":")[0]
    url = urlsplit(request.path)
    if ".scm." not in host:
        return _webhook(estate, host, request)
    app = host.replace(".scm.", ".", 1)
    if request.headers["Authorization"] != f"Bearer {_ACCESS_TOKEN}":
        return answer(HTTPStatus.UNAUTHORIZED)
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
    known = estate.app_service.answers(host, query.get("functionName", ""), query.get("code", ""))
    if (
        url.path != "/runtime/webhooks/blobs"
        or request.headers["aeg-event-type"] != "SubscriptionValidation"
        or not known
    ):
        return answer(HTTPStatus.UNAUTHORIZED)
    code = json.loads(request.body)[0]["data"]["validationCode"]
    return answer(HTTPStatus.OK, {"validationResponse": code})
