"""Azure's side of terraform: makes, changes and removes resources in memory, in an order that it insists on.

What this does not prove: that Azure takes a value (a runtime's version, a role's name, a location, a query's text), how
long anything takes, what a role really permits, quotas and policies, and what Azure makes or keeps by itself (system
topics, the names of deleted vaults, an action group for Application Insights), and what the real providers write into
a trace log. The arguments are the real providers'; what Azure answers is not.
"""

import threading
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tests.terraform.standin.answering import Unheard, answered, remembering
from tests.terraform.standin.completing import completed
from tests.terraform.standin.estate import SIGNED_IN, TENANT, Estate, Resource
from tests.terraform.standin.rules import Refused, check_create, check_delete, check_state
from tests.terraform.standin.table import ResourceType, Values


class Verb(Enum):
    """What is done to a resource."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Operation:
    """What was done to a resource."""

    verb: Verb
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An operation that fails once; a create that fails half-way leaves its resource behind."""

    verb: Verb
    type: str
    half_way: bool = False

    @property
    def reason(self) -> str:
        """What terraform is told."""
        return f"Azure was told to fail{' half-way' if self.half_way else ''}: {self.verb.value} {self.type}."


class HalfMade(Exception):  # noqa: N818 -- what Azure did
    """A resource exists, but is not finished."""

    def __init__(self, values: Values, reason: str) -> None:
        super().__init__(reason)
        self.values = values


class Azure:
    """Azure, as terraform's providers see it.

    Attributes:
        estate: what exists.
        journal: what was done, in that turn.
        failures: what shall fail; each does so once, and is gone.
    """

    def __init__(self) -> None:
        self.estate: Final = Estate()
        self.journal: list[Operation] = []
        self.failures: list[Failure] = []
        self._lock = threading.Lock()

    def done(self, verb: Verb) -> list[str]:
        """The types of what was created, updated or deleted, in that turn."""
        return [operation.type for operation in self.journal if operation.verb is verb]

    def create(self, kind: str, table: ResourceType, plan: Values, config: Values) -> Values:
        """Make a resource. Raises Refused if nothing was made, and HalfMade."""
        with self._lock:
            failure = self._failure(Verb.CREATE, kind)
            if failure is not None and not failure.half_way:
                raise Refused(failure.reason)
            made = self._resource(kind, table, plan)
            check_create(self.estate, made, table)
            self._keep(Verb.CREATE, made, config)
            if failure is not None:
                raise HalfMade(made.values, failure.reason)
            return made.values

    def update(self, kind: str, table: ResourceType, plan: Values, config: Values) -> Values:
        """Change a resource. Raises Refused if it stays as it was."""
        with self._lock:
            failure = self._failure(Verb.UPDATE, kind)
            if failure is not None:
                raise Refused(failure.reason)
            changed = self._resource(kind, table, plan)
            check_state(self.estate, changed)
            self._keep(Verb.UPDATE, changed, config)
            return changed.values

    def delete(self, resource_id: str) -> None:
        """Remove a resource, if it is there. Raises Refused if it stays."""
        with self._lock:
            gone = self.estate.resources.get(resource_id)
            if gone is None:
                return
            failure = self._failure(Verb.DELETE, gone.type)
            if failure is not None:
                raise Refused(failure.reason)
            check_delete(self.estate, gone)
            del self.estate.resources[resource_id]
            self.journal.append(Operation(Verb.DELETE, gone.type, gone.id))

    def read(self, kind: str, state: Values) -> Values | None:
        """What a resource of a state is now; None if it is gone."""
        with self._lock:
            resource = self.estate.resources.get(state["id"])
            return None if resource is None else remembering(kind, resource.values, state)

    def read_data(self, kind: str, config: Values) -> Values:
        """What a data source finds."""
        with self._lock:
            return config | {"id": kind} | _DATA[kind](self.estate, config)

    def _resource(self, kind: str, table: ResourceType, plan: Values) -> Resource:
        try:
            sent = answered(kind, plan)
        except Unheard as unheard:
            raise Refused(str(unheard)) from None
        return Resource(kind, completed(table, sent, self.estate.subscription_id))

    def _keep(self, verb: Verb, resource: Resource, config: Values) -> None:
        self.estate.resources[resource.id] = resource
        if resource.type == "azurerm_key_vault_secret":
            self.estate.vaults.secrets[resource.id] = config["value_wo"]
        self.journal.append(Operation(verb, resource.type, resource.id))

    def _failure(self, verb: Verb, kind: str) -> Failure | None:
        found = next((failure for failure in self.failures if (failure.verb, failure.type) == (verb, kind)), None)
        if found is not None:
            self.failures.remove(found)
        return found


def _client_config(estate: Estate, _config: Values) -> Values:
    return {
        "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",  # the Azure command line's own
        "object_id": SIGNED_IN,
        "subscription_id": estate.subscription_id,
        "tenant_id": TENANT,
    }


def _resources(estate: Estate, config: Values) -> Values:
    found = [
        {
            "id": account.id,
            "location": account.location,
            "name": account.name,
            "resource_group_name": account.resource_group,
            "tags": {},
            "type": "Microsoft.Storage/storageAccounts",
        }
        for account in estate.accounts
        if (account.subscription_id, account.name) == (estate.subscription_id, config["name"])
    ]
    return {"resource_group_name": "", "resources": found}


def _host_keys(estate: Estate, config: Values) -> Values:
    apps = estate.of("azurerm_function_app_flex_consumption")
    hosts = [app.values["default_hostname"] for app in apps if app.values["name"] == config["name"]]
    if not hosts:
        raise Refused(f"The function app {config['name']} was not found.")
    names = [name for name in config if name.endswith("_key")]
    return dict.fromkeys(names, "") | {"blobs_extension_key": estate.app_service.key(hosts[0])}


_DATA: Final = {
    "azurerm_client_config": _client_config,
    "azurerm_function_app_host_keys": _host_keys,
    "azurerm_resources": _resources,
}
