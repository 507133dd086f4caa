"""What data sources find."""

from typing import Final

from tests.terraform.standin.estate import SIGNED_IN, TENANT, Estate
from tests.terraform.standin.table import Values


def found(estate: Estate, kind: str, config: Values) -> Values:
    """What a data source finds."""
    return config | {"id": kind} | _DATA[kind](estate, config)


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
            "id": account.id.replace("/resourceGroups/logs/", "/resourceGroups/LOGS/") if estate.shouts else account.id,
            "location": account.location,
            "name": account.name,
            "resource_group_name": account.resource_group,
            "tags": {},
            "type": "Microsoft.Storage/storageAccounts",
        }
        for account in estate.accounts
        if (account.subscription_id, account.name) == (estate.subscription_id, config["name"])
    ]
    made = [
        {
            "id": account.id,
            "location": account.values["location"],
            "name": account.values["name"],
            "resource_group_name": account.values["resource_group_name"],
            "tags": {},
            "type": "Microsoft.Storage/storageAccounts",
        }
        for account in estate.of("azurerm_storage_account")
        if account.values["name"] == config["name"]
    ]
    return {"resource_group_name": "", "resources": found + made}


_DATA: Final = {
    "azurerm_client_config": _client_config,
    "azurerm_resources": _resources,
}
