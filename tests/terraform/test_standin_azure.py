"""The stand-in refuses what Azure refuses: a wrong order above all."""

import pytest

from tests.terraform.makings import (
    GROUP,
    IDENTITY,
    IN_GROUP,
    ROLE,
    SECRET,
    TYPES,
    VAULT,
    deploy,
    give_role,
    make,
    make_app,
    make_vault,
    open_vault,
    running_app,
    secret_and_reader,
    subscribe,
)
from tests.terraform.site import A, B
from tests.terraform.standin.azure import Azure, Failure, HalfMade, Verb
from tests.terraform.standin.estate import StorageAccount
from tests.terraform.standin.rules import Refused


@pytest.fixture
def azure():
    """Azure with a resource group in subscription A."""
    azure = Azure()
    azure.estate.subscription_id = A
    make(azure, GROUP, name="group", location="eastus")
    return azure


def test_azure_fills_in_what_was_unknown(azure):
    vault = make_vault(azure)
    group = f"/subscriptions/{A}/resourceGroups/group"
    assert vault["id"] == f"{group}/providers/Microsoft.KeyVault/vaults/vault"
    assert vault["vault_uri"] == "https://vault.vault.azure.net/"


def test_a_write_only_value_reaches_the_vault_and_no_state(azure):
    secret = make(azure, SECRET, name="token", key_vault_id=open_vault(azure)["id"], value_wo="the token")
    assert azure.estate.vaults.secrets == {secret["id"]: "the token"}
    assert "the token" not in secret.values()


def test_nothing_is_made_twice(azure):
    with pytest.raises(Refused, match="already exists"):
        make(azure, GROUP, name="group", location="eastus")


def test_a_name_that_all_of_azure_shares_is_taken_once(azure):
    make_vault(azure)
    azure.estate.subscription_id = B
    make(azure, GROUP, name="group", location="eastus")
    with pytest.raises(Refused, match="The name vault is taken"):
        make_vault(azure)


def test_nothing_is_made_in_a_group_that_is_not_there():
    with pytest.raises(Refused, match="resourceGroups/group was not found"):
        make_vault(Azure())


def test_nothing_refers_to_what_is_not_there(azure):
    account = f"/subscriptions/{A}/resourceGroups/group/providers/Microsoft.Storage/storageAccounts/none"
    with pytest.raises(Refused, match="storageAccounts/none was not found"):
        make(azure, "azurerm_storage_container", name="letters", storage_account_id=account)


def test_what_others_need_is_not_removed(azure):
    plan = make(azure, "azurerm_service_plan", name="plan", os_type="Linux", sku_name="FC1", **IN_GROUP)
    app = running_app(azure)
    azure.estate.resources[app["id"]].values["service_plan_id"] = plan["id"]
    with pytest.raises(Refused, match="is in use by azurerm_function_app_flex_consumption"):
        azure.delete(plan["id"])
    azure.delete(app["id"])
    azure.delete(plan["id"])
    assert not azure.estate.of("azurerm_service_plan")


def test_what_is_in_a_group_goes_with_it(azure):
    open_vault(azure)
    azure.delete(f"/subscriptions/{A}/resourceGroups/group")
    assert not azure.estate.resources


def test_a_role_needs_somebody_to_be_given_to(azure):
    with pytest.raises(Refused, match="does not exist in the directory"):
        give_role(azure, "nobody", "Reader", f"/subscriptions/{A}")


def test_a_service_principal_needs_its_application(azure):
    with pytest.raises(Refused, match="no application with the client id"):
        make(azure, "azuread_service_principal", client_id="none")


def test_no_secret_is_written_before_its_role(azure):
    vault = make_vault(azure)
    azure.estate.vaults.ask("vault")
    with pytest.raises(Refused, match="nobody gave"):
        make(azure, SECRET, name="token", key_vault_id=vault["id"], value_wo="t")


def test_no_secret_is_written_before_the_vault_knows_the_role(azure):
    azure.estate.vaults.closed_for = 1
    vault = open_vault(azure)
    with pytest.raises(Refused, match="does not know the role"):
        make(azure, SECRET, name="token", key_vault_id=vault["id"], value_wo="t")
    assert azure.estate.vaults.ask("vault")
    make(azure, SECRET, name="token", key_vault_id=vault["id"], value_wo="t")


def test_no_secret_is_removed_after_its_role(azure):
    secret = make(azure, SECRET, name="token", key_vault_id=open_vault(azure)["id"], value_wo="t")
    [role] = azure.estate.of(ROLE)
    azure.delete(role.id)
    with pytest.raises(Refused, match="nobody gave"):
        azure.delete(secret["id"])


def test_no_app_starts_before_it_may_read_its_secret(azure):
    identity = make(azure, IDENTITY, name="identity", **IN_GROUP)
    vault = open_vault(azure)
    with pytest.raises(Refused, match="before its secret"):
        make_app(azure, {"versionless_id": "https://vault.vault.azure.net/secrets/token"}, identity)
    secret = make(azure, SECRET, name="token", key_vault_id=vault["id"], value_wo="t")
    with pytest.raises(Refused, match="before its identity may read"):
        make_app(azure, secret, identity)


def test_no_app_starts_before_it_may_read_its_flow_logs(azure):
    secret, identity = secret_and_reader(azure)
    account = StorageAccount(A, "flowlogs", "eastus")
    azure.estate.accounts = [account]
    by_identity = {"FLOW_LOGS__blobServiceUri": "https://flowlogs.blob.core.windows.net"}
    for role in ("Storage Blob Data Reader", "Storage Queue Data Contributor"):
        with pytest.raises(Refused, match="before its identity may read https://flowlogs"):
            make_app(azure, secret, identity, **by_identity)
        give_role(azure, identity["principal_id"], role, account.id)
    assert make_app(azure, secret, identity, **by_identity)


def test_events_are_subscribed_to_once_the_code_is_there(azure):
    app = running_app(azure)
    with pytest.raises(Refused, match="handshake failed"):
        subscribe(azure, app)
    deploy(azure, app)
    assert subscribe(azure, app)


@pytest.mark.parametrize("wrong", [{"key": "wrong"}, {"key": ""}, {"function": "missing"}])
def test_events_need_the_right_key_and_function(azure, wrong):
    app = running_app(azure)
    deploy(azure, app)
    with pytest.raises(Refused, match="handshake failed"):
        subscribe(azure, app, **wrong)


def test_dead_letters_need_a_container(azure):
    app = running_app(azure)
    deploy(azure, app)
    with pytest.raises(Refused, match="dead letter container none was not found"):
        subscribe(azure, app, container="none")


def test_an_app_has_a_key_once_its_host_has_loaded_code_and_takes_another(azure):
    app, service = running_app(azure), azure.estate.app_service
    host = app["default_hostname"]
    assert not service.take_key(host, "given")
    assert service.key(host) == ""
    deploy(azure, app)
    assert service.key(host) == "key-of-app"
    assert service.take_key(host, "given")
    deploy(azure, app)
    assert service.key(host) == "given"
    service.loads_code = False
    assert service.key(host) == ""


def test_an_app_that_is_removed_takes_its_key_along(azure):
    app, service = running_app(azure), azure.estate.app_service
    deploy(azure, app)
    service.take_key(app["default_hostname"], "given")
    azure.delete(app["id"])
    again = make_app(azure, *[one.values for kind in (SECRET, IDENTITY) for one in azure.estate.of(kind)])
    deploy(azure, again)
    assert service.key(again["default_hostname"]) == "key-of-app"


def test_no_events_are_subscribed_to_in_a_region_that_is_sick(azure):
    app = running_app(azure)
    deploy(azure, app)
    azure.estate.conditions.sick.add("eastus")
    with pytest.raises(Refused, match="handshake failed"):
        subscribe(azure, app)


def test_only_accounts_of_the_providers_subscription_are_found(azure):
    azure.estate.accounts = [StorageAccount(A, "logs", "eastus"), StorageAccount(B, "others", "eastus")]
    found = [azure.read_data("azurerm_resources", {"name": name})["resources"] for name in ("logs", "others")]
    assert [len(resources) for resources in found] == [1, 0]


@pytest.mark.parametrize("half_way", [False, True])
def test_a_create_that_fails_half_way_leaves_its_resource(azure, half_way):
    azure.failures.append(Failure(Verb.CREATE, VAULT, half_way))
    with pytest.raises(HalfMade if half_way else Refused, match="was told to fail"):
        make_vault(azure)
    assert bool(azure.estate.of(VAULT)) is half_way
    assert make_vault(azure, "another")


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.DELETE])
def test_an_update_or_delete_that_fails_changes_nothing(azure, verb):
    [group] = azure.estate.of(GROUP)
    azure.failures.append(Failure(verb, GROUP))
    attempts = {
        Verb.UPDATE: lambda: azure.update(GROUP, TYPES[GROUP], group.values | {"tags": {"a": "b"}}, {}),
        Verb.DELETE: lambda: azure.delete(group.id),
    }
    with pytest.raises(Refused, match="was told to fail"):
        attempts[verb]()
    assert azure.estate.of(GROUP) == [group]


def test_the_journal_tells_what_was_done_in_its_turn(azure):
    [group] = azure.estate.of(GROUP)
    azure.update(GROUP, TYPES[GROUP], group.values | {"tags": {"a": "b"}}, {})
    azure.delete(group.id)
    assert [(one.verb, one.id) for one in azure.journal] == [(verb, group.id) for verb in Verb]
