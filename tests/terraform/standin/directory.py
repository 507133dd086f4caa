"""What Azure Resource Manager and Microsoft Graph tell of what is there, and vaults of their secrets."""

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.support.servers import Request, answer
from tests.terraform.standin.azure import Azure
from tests.terraform.standin.estate import Estate

_VERSION: Final = re.compile("(/secrets/[^/]+)/([^/]+)")
_KINDS: Final = {
    "/v1.0/applications": ("azuread_application", "displayName", "display_name"),
    "/v1.0/servicePrincipals": ("azuread_service_principal", "appId", "client_id"),
}


def resource(estate: Estate, request: Request) -> list[bytes]:
    """Answer a request that reads a resource, or lists the resource groups of a subscription."""
    path = urlsplit(request.path).path
    if path.endswith("/resourcegroups"):
        groups = estate.of("azurerm_resource_group")
        named = [{"name": group.values["name"], "tags": group.values["tags"]} for group in groups]
        return answer(HTTPStatus.OK, {"value": named})
    if not estate.is_there(path):
        return answer(HTTPStatus.NOT_FOUND, {"error": {"code": "ResourceNotFound"}})
    vault = path.rpartition("/")[2]
    properties = {"vaultUri": f"https://{vault}.vault.azure.net/"} if "/vaults/" in path else {}
    return answer(HTTPStatus.OK, {"id": path, "properties": properties})


def directory(estate: Estate, request: Request) -> list[bytes]:
    """Answer a request for the objects of the directory that have a name or an id."""
    url = urlsplit(request.path)
    kind, there, here = _KINDS[url.path]
    name, _, value = parse_qs(url.query)["$filter"][0].partition(" eq ")
    assert name == there
    found = [one.values["object_id"] for one in estate.of(kind) if f"'{one.values[here]}'" == value]
    return answer(HTTPStatus.OK, {"value": [{"id": one} for one in found]})


def vault(azure: Azure, name: str, request: Request) -> list[bytes]:
    """Answer a request to a vault: for its secrets, for one, or to remove one."""
    path = urlsplit(request.path).path
    estate = azure.estate
    if not estate.vaults.ask(name):
        return answer(HTTPStatus.FORBIDDEN, {"error": {"code": "Forbidden", "message": "Caller is not authorized."}})
    if path == "/secrets" or path.startswith("/deletedsecrets/"):
        return answer(HTTPStatus.OK, {"value": []})
    kept = estate.vaults.secrets
    if match := _VERSION.fullmatch(path):
        return _version(estate, name, match[1], match[2])
    secret = next((one for one in kept if one in estate.resources and one.endswith(f"/vaults/{name}{path}")), None)
    if secret is None:
        return answer(HTTPStatus.NOT_FOUND, {"error": {"code": "SecretNotFound"}})
    said = answer(HTTPStatus.OK, {"value": kept[secret]})
    if request.method == "DELETE":
        azure.delete(secret)
    return said


def _version(estate: Estate, name: str, secret: str, version: str) -> list[bytes]:
    values = estate.vaults.written
    written = next((texts for one, texts in values.items() if one.endswith(f"/vaults/{name}{secret}")), [])
    if version != "versions":
        return answer(HTTPStatus.OK, {"value": written[int(version)]})
    listed = [
        {"id": f"https://{name}.vault.azure.net{secret}/{number}", "attributes": {"created": number}}
        for number in range(len(written))
    ]
    return answer(HTTPStatus.OK, {"value": listed})
