"""Resources that tests of the stand-in make in Azure, without terraform."""

import io
import zipfile

from tests.terraform.site import A
from tests.terraform.standin.estate import SIGNED_IN, StorageAccount
from tests.terraform.standin.planning import planned
from tests.terraform.standin.table import read_tables

TYPES = {name: kind for table in read_tables().values() for name, kind in table.resources.items()}
GROUP = "azurerm_resource_group"
VAULT = "azurerm_key_vault"
SECRET = "azurerm_key_vault_secret"
ROLE = "azurerm_role_assignment"
IDENTITY = "azurerm_user_assigned_identity"
STORAGE = "azurerm_storage_account"
APP = "azurerm_function_app_flex_consumption"
EVENTS = "azurerm_eventgrid_event_subscription"
IN_GROUP = {"resource_group_name": "group", "location": "eastus"}


def config(kind, **given):
    """A configuration as terraform hands it over: everything is there, and null where nothing is given."""
    block = TYPES[kind].block
    return dict.fromkeys(block.attributes) | {name: [] for name in block.blocks} | given


def make(azure, kind, **given):
    wanted = config(kind, **given)
    return azure.create(kind, TYPES[kind], planned(TYPES[kind], config(kind, **given)), wanted)


def give_role(azure, principal, role, scope):
    return make(azure, ROLE, principal_id=principal, role_definition_name=role, scope=scope)


def make_vault(azure, name="vault"):
    return make(azure, VAULT, name=name, sku_name="standard", rbac_authorization_enabled=True, **IN_GROUP)


def open_vault(azure):
    """A vault that takes secrets."""
    vault = make_vault(azure)
    give_role(azure, SIGNED_IN, "Key Vault Secrets Officer", vault["id"])
    azure.estate.vaults.ask("vault")
    return vault


def make_app(azure, secret, identity, **settings):
    return make(
        azure,
        APP,
        name="app",
        identity=[{"type": "UserAssigned", "identity_ids": [identity["id"]]}],
        app_settings={"SUBSCRIPTION_TOKEN_SECRET": secret["versionless_id"], **settings},
        **IN_GROUP,
    )


def secret_and_reader(azure):
    """A secret, and an identity that may read it."""
    secret = make(azure, SECRET, name="token", key_vault_id=open_vault(azure)["id"], value_wo="t")
    identity = make(azure, IDENTITY, name="identity", **IN_GROUP)
    give_role(azure, identity["principal_id"], "Key Vault Secrets User", secret["resource_versionless_id"])
    return secret, identity


def running_app(azure):
    """An app that may read its secret, without code yet."""
    return make_app(azure, *secret_and_reader(azure))


def deploy(azure, app):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("host.json", "{}")
        archive.writestr("function_app.py", "def nsg_flow_log(blob):\n    pass\n")
    azure.estate.app_service.deploy(app["default_hostname"], package.getvalue())


def subscribe(azure, app, *, function="nsg_flow_log", key=None, container="dead-letters"):
    key = azure.estate.app_service.key(app["default_hostname"]) if key is None else key
    account = StorageAccount(A, "flowlogs", "eastus")
    azure.estate.accounts = [account]
    own = f"/subscriptions/{A}/resourceGroups/group/providers/Microsoft.Storage/storageAccounts/own"
    if own not in azure.estate.resources:
        storage = make(azure, STORAGE, name="own", **IN_GROUP)
        make(azure, "azurerm_storage_container", name="dead-letters", storage_account_id=storage["id"])
    url = f"https://{app['default_hostname']}/runtime/webhooks/blobs?functionName=Host.Functions.{function}&code={key}"
    letters = {"storage_account_id": own, "storage_blob_container_name": container}
    return make(
        azure,
        EVENTS,
        name="events",
        scope=account.id,
        webhook_endpoint=[{"url": url}],
        storage_blob_dead_letter_destination=[letters],
    )
