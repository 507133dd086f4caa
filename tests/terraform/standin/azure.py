"""Azure's side of terraform: makes, changes and removes resources in memory, in an order that it insists on.

What this does not prove: that Azure takes a value (a runtime's version, a role's name, a location, a query's text), how
long anything takes, what a role really permits, quotas, what Azure makes by itself (system topics, an action group for
Application Insights), and what the real providers write into a trace log. The arguments are the real providers'; what
Azure answers is what its API descriptions say, as far as `answering` has it.
"""

import threading
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tests.terraform.standin import sources
from tests.terraform.standin.answering import Unheard, answered, forgetting, remembering
from tests.terraform.standin.completing import completed
from tests.terraform.standin.estate import Estate, Resource
from tests.terraform.standin.rules import Refused, check_create, check_delete, check_state, check_update
from tests.terraform.standin.table import ResourceType, Values
from tests.terraform.standin.traffic import Traffic
from tests.terraform.standin.values import Unknown

# Whose id the providers keep only once all is done, whatever `persists_id` says: role assignments are waited for before
# they have one, a secret's has its version, and the provider azuread has no such setting.
_ID_AT_THE_END: Final = {
    "azuread_application",
    "azuread_application_password",
    "azuread_service_principal",
    "azurerm_key_vault_secret",
    "azurerm_role_assignment",
}


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


class HalfMade(Exception):
    """A resource exists, but is not finished."""

    def __init__(self, values: Values, reason: str) -> None:
        super().__init__(reason)
        self.values = values


@dataclass(frozen=True, slots=True)
class Features:
    """What the provider azurerm is configured to do.

    Attributes:
        persists_id: Whether a resource is in the state before its creation is waited for.
        overwrites: Whether what is there already is taken over by whoever creates it.
    """

    persists_id: bool = False
    overwrites: bool = False


def _overwritten(there: Resource, made: Resource, plan: Values) -> Resource:
    """A resource that was created again: what Azure gave it at first stays."""
    given = {name: there.values[name] for name, value in plan.items() if isinstance(value, Unknown)}
    return Resource(made.type, made.values | given)


class Azure:
    """Azure, as terraform's providers see it.

    Attributes:
        estate: What exists.
        journal: What was done, in that turn.
        failures: What shall fail; each does so once, and is gone.
        traffic: The requests that came.
        features: What the provider was configured to do.
    """

    def __init__(self) -> None:
        self.estate: Final = Estate()
        self.journal: list[Operation] = []
        self.failures: list[Failure] = []
        self.traffic: Final = Traffic()
        self.features = Features()
        self._lock = threading.Lock()

    def done(self, verb: Verb) -> list[str]:
        """The types of what was created, updated or deleted, in that turn."""
        return [operation.type for operation in self.journal if operation.verb is verb]

    def create(self, kind: str, table: ResourceType, plan: Values, config: Values) -> Values:
        """Make a resource. Raises Refused if terraform shall know of none, and HalfMade."""
        with self._lock:
            failure = self._failure(Verb.CREATE, kind)
            if failure is not None and not failure.half_way:
                raise Refused(failure.reason)
            made = self._resource(kind, table, plan)
            there = self.estate.resources.get(made.id) if self._takes_over(kind) else None
            if there is None:
                check_create(self.estate, made, table)
            else:
                made = _overwritten(there, made, plan)
                check_state(self.estate, made)
            self._keep(Verb.CREATE if there is None else Verb.UPDATE, made, config)
            if failure is not None:
                raise HalfMade(made.values, failure.reason)
        if self.traffic.passed(f"create {kind}"):
            self._forget(made)
        return made.values

    def _takes_over(self, kind: str) -> bool:
        # Whether the provider's resource for secrets goes by the setting was not seen: the worse is taken.
        return self.features.overwrites and kind != "azurerm_key_vault_secret"

    def _forget(self, made: Resource) -> None:
        """Leave a creation whose end terraform did not wait for."""
        reason = f"creating {made.id}: polling after CreateOrUpdate: context canceled"
        if self.features.persists_id and made.type not in _ID_AT_THE_END:
            raise HalfMade(made.values, reason)
        raise Refused(reason)

    def update(self, kind: str, table: ResourceType, plan: Values, config: Values) -> Values:
        """Change a resource. Raises Refused if it stays as it was."""
        with self._lock:
            failure = self._failure(Verb.UPDATE, kind)
            if failure is not None:
                raise Refused(failure.reason)
            changed = self._resource(kind, table, plan)
            check_state(self.estate, changed)
            check_update(self.estate, changed, plan)
            self._keep(Verb.UPDATE, changed, config)
        self.traffic.passed(f"update {kind}")
        return changed.values

    def delete(self, resource_id: str) -> None:
        """Remove a resource with all that is in it, if it is there. Raises Refused if it stays, or is not purged."""
        with self._lock:
            gone = self.estate.resources.get(resource_id)
            if gone is not None:
                failure = self._failure(Verb.DELETE, gone.type)
                if failure is not None:
                    raise Refused(failure.reason)
                check_delete(self.estate, gone)
                for inside in self.estate.within(resource_id):
                    self._remove(inside)
                self._remove(resource_id)
                self.journal.append(Operation(Verb.DELETE, gone.type, gone.id))
        if gone is not None:
            self.traffic.passed(f"delete {gone.type}")
            self._purge(gone)

    def _remove(self, resource_id: str) -> None:
        gone = self.estate.resources.pop(resource_id)
        if gone.type == "azurerm_function_app_flex_consumption":
            self.estate.app_service.remove(gone.values["default_hostname"])

    def _purge(self, gone: Resource) -> None:
        if gone.type == "azuread_application":
            self.estate.deleted.append((gone.type, gone.values["display_name"]))
        if gone.type != "azurerm_key_vault":
            return
        protected, forbidden = gone.values["purge_protection_enabled"], self.estate.conditions.keeps_deleted
        if protected or forbidden:
            self.estate.deleted.append((gone.type, gone.values["name"]))
        if forbidden and not protected:
            raise Refused(f"purging {gone.id}: Forbidden: the caller may not purge deleted vaults.")

    def found(self, kind: str, resource_id: str) -> Values:
        """What whoever imports a resource gets of it. Raises Refused if it is not there."""
        with self._lock:
            there = self.estate.resources.get(resource_id)
            if there is None or there.type != kind:
                raise Refused(f"Cannot import non-existent remote object: {resource_id}")
            values = forgetting(kind, there.values)
            if kind == "azurerm_key_vault_secret":  # which is why nobody should import it
                values["value"] = self.estate.vaults.secrets[resource_id]
            return values

    def read(self, kind: str, state: Values) -> Values | None:
        """What a resource of a state is now; None if it is gone."""
        with self._lock:
            resource = self.estate.resources.get(state["id"])
        self.traffic.passed(f"read {kind}")
        return None if resource is None else remembering(kind, resource.values, state)

    def read_data(self, kind: str, config: Values) -> Values:
        """What a data source finds."""
        with self._lock:
            read = sources.found(self.estate, kind, config)
        self.traffic.passed(f"read {kind}")
        return read

    def _resource(self, kind: str, table: ResourceType, plan: Values) -> Resource:
        try:
            sent = answered(kind, self.estate.conditions.modified(kind, plan))
        except Unheard as unheard:
            raise Refused(str(unheard)) from None
        return Resource(kind, completed(table, sent, self.estate.subscription_id))

    def _keep(self, verb: Verb, resource: Resource, config: Values) -> None:
        self.estate.resources[resource.id] = resource
        if resource.type == "azurerm_key_vault_secret":
            self.estate.vaults.write(resource.id, config["value_wo"])
        self.journal.append(Operation(verb, resource.type, resource.id))

    def _failure(self, verb: Verb, kind: str) -> Failure | None:
        found = next((failure for failure in self.failures if (failure.verb, failure.type) == (verb, kind)), None)
        if found is not None:
            self.failures.remove(found)
        return found
