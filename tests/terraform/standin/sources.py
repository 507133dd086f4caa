"""What data sources find."""

from typing import Final

from tests.terraform.standin.estate import SIGNED_IN, TENANT, Estate
from tests.terraform.standin.rules import Refused
from tests.terraform.standin.table import Values


def found(estate: Estate, kind: str, config: Values) -> Values:
    """What a data source finds. Raises Refused."""
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
    return {"resource_group_name": "", "resources": found}


_PATIENCE_OF_THE_PROVIDER: Final = 20  # minutes, its read's timeout, which a data source can't set


def _host_keys(estate: Estate, config: Values) -> Values:
    apps = estate.of("azurerm_function_app_flex_consumption")
    of_the_name = [app for app in apps if app.values["name"] == config["name"]]
    if not of_the_name:
        raise Refused(f"The function app {config['name']} was not found.")
    [app] = of_the_name
    if app.values["location"] in estate.conditions.sick:
        estate.app_service.minutes_waited += _PATIENCE_OF_THE_PROVIDER
        raise Refused(
            f"retrieving {app.id}: unexpected status 400 (400 Bad Request) with response: Encountered an error "
            "(ServiceUnavailable) from host runtime."
        )
    names = [name for name in config if name.endswith("_key")]
    return dict.fromkeys(names, "") | {"blobs_extension_key": estate.app_service.key(app.values["default_hostname"])}


_DATA: Final = {
    "azurerm_client_config": _client_config,
    "azurerm_function_app_host_keys": _host_keys,
    "azurerm_resources": _resources,
}
