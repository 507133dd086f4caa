from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.deployments import Deployments, NewStorageAccount, StorageAccount
from gateway.stores.errors import StoreError, TakenError
from gateway.stores.vault import Vault

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
ID = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
ONE, TWO = StorageAccount("flowlogsone", "eastus"), StorageAccount("flowlogstwo", "westeurope")


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "secrets.key")


@pytest.fixture
def deployments(database, vault):
    return Deployments(database, vault)


def test_a_deployment_is_kept_with_its_accounts_in_their_order(deployments, customer):
    accounts = [NewStorageAccount(TWO, "secret-two"), NewStorageAccount(ONE, "secret-one")]
    deployments.add(customer, "azure-prod", ID, accounts, NOW)
    found = deployments.find(customer, "azure-prod")
    assert (found.subscription_id, found.accounts, found.saved_at) == (ID, (TWO, ONE), NOW)
    assert deployments.all(customer) == [found]
    assert deployments.connection_strings(customer, "azure-prod") == {
        "flowlogstwo": "secret-two",
        "flowlogsone": "secret-one",
    }


def test_connection_strings_are_in_no_file(deployments, customer, path):
    deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "planted-secret")], NOW)
    assert b"planted-secret" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_they_do_not_show():
    assert "planted-secret" not in repr(NewStorageAccount(ONE, "planted-secret"))


def test_a_name_is_taken_once_by_each_customer(deployments, customer, accounts):
    deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "x")], NOW)
    with pytest.raises(StoreError, match="already a deployment azure-prod"):
        deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "y")], NOW)
    assert deployments.connection_strings(customer, "azure-prod") == {"flowlogsone": "x"}
    other = accounts.add_customer("other")
    deployments.add(other, "azure-prod", ID, [NewStorageAccount(TWO, "z")], NOW)
    assert deployments.find(customer, "azure-prod").accounts == (ONE,)


def test_an_account_without_a_new_connection_string_keeps_the_one_of_its_name(deployments, customer):
    deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "one"), NewStorageAccount(TWO, "two")], NOW)
    changed = [NewStorageAccount(TWO, None), NewStorageAccount(ONE, "new")]
    deployments.replace(customer, "azure-prod", ID, changed, NOW + timedelta(hours=1))
    assert deployments.find(customer, "azure-prod").accounts == (TWO, ONE)
    assert deployments.connection_strings(customer, "azure-prod") == {"flowlogstwo": "two", "flowlogsone": "new"}


def test_an_account_with_no_connection_string_to_keep_changes_nothing(deployments, customer):
    deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "one")], NOW)
    with pytest.raises(StoreError, match="no stored connection string for flowlogstwo"):
        deployments.replace(customer, "azure-prod", ID, [NewStorageAccount(TWO, None)], NOW)
    assert deployments.connection_strings(customer, "azure-prod") == {"flowlogsone": "one"}


def test_a_deployment_that_is_gone_is_not_replaced(deployments, customer):
    with pytest.raises(StoreError, match="azure-prod no longer exists"):
        deployments.replace(customer, "azure-prod", ID, [NewStorageAccount(ONE, "one")], NOW)


def test_an_account_is_in_one_deployment_of_a_customer(deployments, customer, accounts):
    deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "one")], NOW)
    with pytest.raises(TakenError, match="flowlogsone is already in the deployment azure-prod"):
        deployments.add(customer, "azure-other", ID, [NewStorageAccount(ONE, "one")], NOW)
    assert deployments.find(customer, "azure-other") is None
    deployments.add(customer, "azure-other", ID, [NewStorageAccount(TWO, "two")], NOW)
    with pytest.raises(TakenError, match="flowlogsone is already in the deployment azure-prod"):
        deployments.replace(customer, "azure-other", ID, [NewStorageAccount(ONE, "one")], NOW)
    assert deployments.find(customer, "azure-other").accounts == (TWO,)
    deployments.add(accounts.add_customer("other"), "azure-prod", ID, [NewStorageAccount(ONE, "one")], NOW)


def test_what_an_earlier_version_kept_in_two_deployments_can_still_be_changed(deployments, customer, database):
    for name, account in (("azure-prod", ONE), ("azure-other", TWO)):
        deployments.add(customer, name, ID, [NewStorageAccount(account, "secret")], NOW)
    database.run("UPDATE storage_accounts SET name = ? WHERE name = ?", ONE.name, TWO.name)
    deployments.replace(customer, "azure-other", ID, [NewStorageAccount(ONE, "new")], NOW)
    assert deployments.connection_strings(customer, "azure-other") == {"flowlogsone": "new"}


def test_a_download_is_remembered_until_the_deployment_is_removed(deployments, customer):
    deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "one")], NOW)
    assert deployments.find(customer, "azure-prod").downloaded_at is None
    for hours in (1, 2):
        deployments.note_download(customer, "azure-prod", NOW + timedelta(hours=hours))
    assert deployments.find(customer, "azure-prod").downloaded_at == NOW + timedelta(hours=2)
    deployments.remove(customer, "azure-prod")
    deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "one")], NOW)
    assert deployments.find(customer, "azure-prod").downloaded_at is None


def test_removing_takes_the_secrets_along(deployments, customer, database):
    deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "one")], NOW)
    assert deployments.remove(customer, "azure-prod")
    assert not deployments.remove(customer, "azure-prod")
    assert deployments.find(customer, "azure-prod") is None
    assert database.run("SELECT count(*) FROM storage_accounts") == [(0,)]


def test_another_customers_deployment_is_out_of_reach(deployments, customer, accounts):
    deployments.add(customer, "azure-prod", ID, [NewStorageAccount(ONE, "one")], NOW)
    other = accounts.add_customer("other")
    assert deployments.find(other, "azure-prod") is None
    assert deployments.connection_strings(other, "azure-prod") == {}
    assert not deployments.remove(other, "azure-prod")
    with pytest.raises(StoreError):
        deployments.replace(other, "azure-prod", ID, [NewStorageAccount(ONE, "x")], NOW)
