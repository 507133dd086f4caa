"""What Azure refuses: names that are taken, references to what is not there, and a wrong order.

Each rule looks at a resource that is to be made, changed or removed, and raises Refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.terraform.standin.estate import SIGNED_IN, Estate, Resource
from tests.terraform.standin.table import ResourceType


class Refused(Exception):
    """Azure did not do it, for the reason that it tells."""


type Rule = Callable[[Estate, Resource], None]

_ID: Final = re.compile(r"/(subscriptions/[^/]+/resourceGroups|applications|servicePrincipals)/[^?;]+")


def check_create(estate: Estate, new: Resource, table: ResourceType) -> None:
    """Refuse a resource that can't be made now."""
    if new.id in estate.resources:
        raise Refused(
            f"A resource with the ID {new.id!r} already exists - to be managed via Terraform this resource needs to be "
            "imported into the State."
        )
    name = new.values.get("name")
    if table.globally_unique and any(other.values["name"] == name for other in estate.of(new.type)):
        raise Refused(f"The name {name} is taken: {new.type} needs a name that nobody in Azure has.")
    if (new.type, name) in estate.deleted and new.type == "azurerm_key_vault":
        raise Refused(f"A vault with the name {name} already exists in deleted state. Purge it, or recover it.")
    for rule in _RULES_OF_CREATION.get(new.type, ()):
        rule(estate, new)
    check_state(estate, new)


def check_state(estate: Estate, resource: Resource) -> None:
    """Refuse a resource, new or changed, that what it needs is not there for."""
    denied = estate.conditions.denied.get(resource.type)
    if denied is not None:
        name = resource.values.get("name")
        raise Refused(f"RequestDisallowedByPolicy: Resource '{name}' was disallowed by policy. Policy: '{denied}'.")
    for missing in (name for name in _named(resource) if not estate.is_there(name)):
        raise Refused(f"{resource.type} {resource.id}: {missing} was not found.")
    for rule in _RULES.get(resource.type, ()):
        rule(estate, resource)


def check_update(estate: Estate, changed: Resource, plan: Mapping[str, object]) -> None:
    """Refuse a change that can't be made."""
    was = estate.resources[changed.id].values
    if was.get("purge_protection_enabled") and not plan["purge_protection_enabled"]:
        raise Refused("once Purge Protection has been Enabled it's not possible to disable it")


def check_delete(estate: Estate, gone: Resource) -> None:
    """Refuse to remove what others need, and what is locked."""
    locked = estate.conditions.lock_on(gone.id)
    if locked is not None:
        raise Refused(
            f"ScopeLocked: The scope '{gone.id}' cannot perform delete operation because following scope(s) are "
            f"locked: '{locked}'. Please remove the lock and try again."
        )
    inside = estate.within(gone.id)
    for other in estate.resources.values():
        if other is not gone and other.id not in inside and gone.id in _named(other):
            raise Refused(f"{gone.type} {gone.id} is in use by {other.type} {other.id}.")
    if gone.type == "azurerm_key_vault_secret":
        _vault_knows_the_role_of_the_writer(estate, gone)


def _named(resource: Resource) -> list[str]:
    """The ids of other resources that one names in its values."""
    group = resource.values.get("resource_group_name")
    subscription = "/".join(resource.id.split("/")[:3])
    named = [f"{subscription}/resourceGroups/{group}"] if group else []
    of_its_own = resource.id
    texts = (text for name, value in resource.values.items() for text in _texts(value))
    return named + [text for text in texts if _ID.fullmatch(text) and not text.startswith(of_its_own)]


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)


def _principal_exists(estate: Estate, role: Resource) -> None:
    principals = {SIGNED_IN}
    principals |= {identity.values["principal_id"] for identity in estate.of("azurerm_user_assigned_identity")}
    principals |= {principal.values["object_id"] for principal in estate.of("azuread_service_principal")}
    if role.values["principal_id"] not in principals:
        raise Refused(f"Principal {role.values['principal_id']} does not exist in the directory.")


def _application_exists(estate: Estate, principal: Resource) -> None:
    client_id = principal.values["client_id"]
    if not any(application.values["client_id"] == client_id for application in estate.of("azuread_application")):
        raise Refused(f"There is no application with the client id {client_id}.")


def _has_role(estate: Estate, principal_id: str, role: str, scope: str) -> bool:
    return any(
        (given.values["principal_id"], given.values["role_definition_name"], given.values["scope"])
        == (principal_id, role, scope)
        for given in estate.of("azurerm_role_assignment")
    )


def _vault_knows_the_role_of_the_writer(estate: Estate, secret: Resource) -> None:
    vault = secret.values["key_vault_id"]
    if not _has_role(estate, SIGNED_IN, "Key Vault Secrets Officer", vault):
        raise Refused(f"Forbidden: nobody gave {SIGNED_IN} a role that writes secrets in {vault}.")
    if not estate.vaults.is_open(vault.rpartition("/")[2]):
        raise Refused(f"Forbidden: {vault} does not know the role of {SIGNED_IN} yet.")


def _identities(estate: Estate, app: Resource) -> list[str]:
    return [
        identity.values["principal_id"]
        for identity in estate.of("azurerm_user_assigned_identity")
        if identity.id in app.values["identity"][0]["identity_ids"]
    ]


def _app_may_read_its_token(estate: Estate, app: Resource) -> None:
    wanted = app.values["app_settings"]["SUBSCRIPTION_TOKEN_SECRET"]
    secrets = [one for one in estate.of("azurerm_key_vault_secret") if one.values["versionless_id"] == wanted]
    if not secrets:
        raise Refused(f"The app {app.values['name']} would start before its secret {wanted} is there.")
    scope = secrets[0].values["resource_versionless_id"]
    if not any(_has_role(estate, identity, "Key Vault Secrets User", scope) for identity in _identities(estate, app)):
        raise Refused(f"The app {app.values['name']} would start before its identity may read {wanted}.")


def _app_may_read_its_flow_logs(estate: Estate, app: Resource) -> None:
    uri = app.values["app_settings"].get("FLOW_LOGS__blobServiceUri")
    if uri is None:  # a connection string is the right to read
        return
    host = str(urlsplit(uri).hostname)
    accounts = {account.id: account.name for account in estate.accounts}
    accounts |= {account.id: account.values["name"] for account in estate.of("azurerm_storage_account")}
    scopes = [account for account, name in accounts.items() if name == host.partition(".")[0]]
    may = (
        _has_role(estate, identity, role, scope)
        for role in ("Storage Blob Data Reader", "Storage Queue Data Contributor")
        for scope in scopes
        for identity in _identities(estate, app)
    )
    if not scopes or not all(may):
        raise Refused(f"The app {app.values['name']} would start before its identity may read {uri}.")


def _webhook_answers(estate: Estate, subscription: Resource) -> None:
    for webhook in subscription.values["webhook_endpoint"]:
        url = urlsplit(webhook["url"])
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        host, function, key = url.hostname or "", query.get("functionName", ""), query.get("code", "")
        if not estate.host_runs(host) or not estate.app_service.answers(host, function, key):
            raise Refused("Url validation: Webhook validation handshake failed. The endpoint did not answer with 200.")


def _dead_letters_have_a_container(estate: Estate, subscription: Resource) -> None:
    for place in subscription.values["storage_blob_dead_letter_destination"]:
        account, container = place["storage_account_id"], place["storage_blob_container_name"]
        if not estate.is_there(f"{account}/blobServices/default/containers/{container}"):
            raise Refused(f"The dead letter container {container} was not found in {account}.")


def _role_is_given_once(estate: Estate, role: Resource) -> None:
    given = ("scope", "principal_id", "role_definition_name")
    for other in estate.of(role.type):
        if [other.values[name] for name in given] == [role.values[name] for name in given]:
            raise Refused(
                "unexpected status 409 (409 Conflict) with error: RoleAssignmentExists: The role assignment already "
                "exists."
            )


def _display_name_is_free(estate: Estate, application: Resource) -> None:
    name = application.values["display_name"]
    if not application.values["prevent_duplicate_names"]:
        return
    for other in estate.of(application.type):
        if other.values["display_name"] == name:
            raise Refused(
                f"Application could not be created: an existing application with this name exists: {other.id}"
            )


def _application_has_no_principal(estate: Estate, principal: Resource) -> None:
    client_id = principal.values["client_id"]
    for other in estate.of(principal.type):
        if other.values["client_id"] == client_id:
            raise Refused(f"The service principal cannot be created as the appId {client_id} is already in use.")


_RULES_OF_CREATION: Final[Mapping[str, tuple[Rule, ...]]] = {
    "azuread_application": (_display_name_is_free,),
    "azuread_service_principal": (_application_has_no_principal,),
    "azurerm_role_assignment": (_role_is_given_once,),
}
_RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "azuread_service_principal": (_application_exists,),
    "azurerm_eventgrid_event_subscription": (_webhook_answers, _dead_letters_have_a_container),
    "azurerm_function_app_flex_consumption": (_app_may_read_its_token, _app_may_read_its_flow_logs),
    "azurerm_key_vault_secret": (_vault_knows_the_role_of_the_writer,),
    "azurerm_role_assignment": (_principal_exists,),
}
