"""The command `az`, which signs in and tells what is there."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.servers import LocalServer, Request, answer, serving
from tests.terraform.standin.azure import Azure
from tests.terraform.standin.estate import Estate

ACCESS_TOKEN = "access-token-of-whoever-runs-terraform"
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
    match arguments:
        case ["account", "get-access-token", *_]:
            return _says(ACCESS_TOKEN)
        # The rest is for whoever takes up what is there.
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
