from shared.secret import Secret
from shared.settings import ByConnectionString
from shared.storage.account import blob_service


def test_each_of_two_accounts_is_asked_with_its_own_key(new_account):
    accounts = [new_account(), new_account()]
    services = [blob_service(ByConnectionString(Secret(each.connection_string)), "FLOW_LOGS") for each in accounts]
    containers = [service.get_container_client("logs") for service in services]
    for container in containers:
        container.create_container()
    assert [container.exists() for container in containers] == [True, True]
