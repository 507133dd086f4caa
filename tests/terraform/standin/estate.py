"""What exists in Azure and Entra."""

from dataclasses import dataclass, field

from tests.terraform.standin.app_service import AppService
from tests.terraform.standin.conditions import Conditions
from tests.terraform.standin.table import Values
from tests.terraform.standin.vaults import Vaults

TENANT = "11111111-1111-4111-8111-111111111111"
SIGNED_IN = "33333333-3333-4333-8333-333333333333"
"""Object id of whoever runs terraform."""


@dataclass(frozen=True, slots=True)
class StorageAccount:
    """An account with the customer's flow logs, which no terraform made."""

    subscription_id: str
    name: str
    location: str

    @property
    def resource_group(self) -> str:
        """Name of the group that it is in."""
        return "logs"

    @property
    def id(self) -> str:
        """Its resource id."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.Storage/storageAccounts/{self.name}"


@dataclass(frozen=True, slots=True)
class Resource:
    """What terraform made."""

    type: str
    values: Values

    @property
    def id(self) -> str:
        """Its id, which nothing else has."""
        return str(self.values["id"])


@dataclass(slots=True)
class Estate:
    """All subscriptions of a tenant, and its directory.

    Attributes:
        subscription_id: The one that the provider was configured for last.
        accounts: What the customer has already.
        resources: What terraform made, by id.
        app_service: Where the function apps run.
        vaults: What the Key Vaults hold, and whom they let in.
        conditions: What makes Azure refuse or change what it is sent.
        deleted: Names of what was deleted and can be recovered, vaults and applications, by type.
        shouts: Whether lists of resources name resource groups in capitals, as Azure may from one day to the next.
    """

    subscription_id: str = ""
    accounts: list[StorageAccount] = field(default_factory=list)
    resources: dict[str, Resource] = field(default_factory=dict)
    app_service: AppService = field(default_factory=AppService)
    vaults: Vaults = field(default_factory=Vaults)
    conditions: Conditions = field(default_factory=Conditions)
    deleted: list[tuple[str, str]] = field(default_factory=list)
    shouts: bool = False

    def of(self, kind: str) -> list[Resource]:
        """What terraform made of a type."""
        return [resource for resource in self.resources.values() if resource.type == kind]

    def host_runs(self, host: str) -> bool:
        """Whether the host of a function app is not in a region that is sick."""
        apps = self.of("azurerm_function_app_flex_consumption")
        sick = self.conditions.sick
        return not any(app.values["default_hostname"] == host and app.values["location"] in sick for app in apps)

    def is_there(self, resource_id: str) -> bool:
        """Whether there is something of this id, whoever made it and in whatever case."""
        found = (*self.resources, *(account.id for account in self.accounts))
        return resource_id.lower() in map(str.lower, found)

    def within(self, resource_id: str) -> list[str]:
        """Ids of what goes when a resource does: what is in it, and of an application its principal."""
        client_id = self.resources[resource_id].values.get("client_id")
        return [
            name
            for name, one in self.resources.items()
            if name.startswith(f"{resource_id}/")
            or (
                one.type == "azuread_service_principal" and one.values["client_id"] == client_id and name != resource_id
            )
        ]

    def lose(self, account: StorageAccount) -> None:
        """Remove one of the customer's accounts, with the event subscriptions and roles on it."""
        self.accounts.remove(account)
        for name in [name for name in self.resources if name.startswith(f"{account.id}/")]:
            del self.resources[name]
