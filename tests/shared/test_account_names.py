import pytest

from shared.account_names import Service, account_in, spelled, tables_beside


@pytest.mark.parametrize(
    "address",
    [
        "https://flowlogs1.blob.core.windows.net",
        "https://flowlogs1.blob.core.windows.net/",
        "https://flowlogs1.blob.core.windows.net:443",
        "https://flowlogs1.blob.core.windows.net.",
        "https://flowlogs1.blob.core.windows.net.:443/",
        "https://FlowLogs1.Blob.Core.Windows.Net",
        "HTTPS://FLOWLOGS1.BLOB.CORE.WINDOWS.NET",
        "https://flowlogs1.blob.core.usgovcloudapi.net",
        "https://flowlogs1.blob.core.chinacloudapi.cn",
        "https://flowlogs1.privatelink.blob.core.windows.net",
        "https://flowlogs1.privatelink.blob.core.usgovcloudapi.net",
        "https://flowlogs1.z12.blob.storage.azure.net",
        "https://FLOWLOGS1.Z12.blob.storage.azure.net",
        "https://flowlogs1.z7.blob.storage.azure.net:443",
        "https://flowlogs1.z12.privatelink.blob.storage.azure.net",
        "https://flowlogs1.privatelink.z12.blob.storage.azure.net",
        "https://flowlogs1-secondary.blob.core.windows.net",
        "https://flowlogs1-secondary.z12.blob.storage.azure.net",
        "https://flowlogs1-secondary.privatelink.blob.core.windows.net",
        "https://flowlogs1-ipv6.blob.core.windows.net",
        "https://flowlogs1-dualstack.blob.core.windows.net",
        "https://flowlogs1-secondary-ipv6.blob.core.windows.net",
        "https://flowlogs1-secondary-dualstack.blob.core.windows.net",
        "https://flowlogs1-microsoftrouting.blob.core.windows.net",
        "https://flowlogs1-internetrouting-ipv6.blob.core.windows.net",
        "https://flowlogs1.blob.localhost:10000",
        "http://127.0.0.1:10000/flowlogs1",
        "http://127.0.0.1:10000/FlowLogs1/",
        "http://127.0.0.1:10000/flowlogs1-secondary",
        "http://127.0.0.1/flowlogs1",
        "http://localhost:10000/flowlogs1",
        "http://LOCALHOST.:10000/flowlogs1",
        "http://[::1]:10000/flowlogs1",
        "https://10.0.0.4:10000/flowlogs1",
        "https://azurite:10000/flowlogs1",
    ],
)
def test_every_address_of_an_account_tells_its_one_name(address: str):
    assert account_in(address) == "flowlogs1"


@pytest.mark.parametrize(
    "address",
    [
        "https://logs.example.com",
        "https://logs.example.com/flowlogs1",
        "https://flowlogs1.example.com",
        "https://flowlogs1.blob.example.com",
        "https://blob.core.windows.net",
        "https://flow-logs.blob.core.windows.net",
        "https://fl.blob.core.windows.net",
        "https://flowlogs1.queue.core.windows.net",
        "https://sub.flowlogs1.blob.core.windows.net",
        "https://flow\u212aogs1.blob.core.windows.net",
        "https://flowlogs\uff11.blob.core.windows.net",
        "http://127.0.0.1:10000",
        "http://127.0.0.1:10000/flowlogs1/container",
        "http://127.0.0.1:10000/fl",
        "",
    ],
)
def test_an_address_that_is_not_one_of_storage_tells_no_name(address: str):
    assert account_in(address) is None


@pytest.mark.parametrize(
    ("address", "account"),
    [
        ("https://flowlogs1.table.core.windows.net", "flowlogs1"),
        ("https://FlowLogs1.privatelink.table.core.usgovcloudapi.net.", "flowlogs1"),
        ("https://flowlogs1-secondary.table.core.windows.net", "flowlogs1"),
        ("https://flowlogs1.z12.table.storage.azure.net", "flowlogs1"),
        ("http://127.0.0.1:10002/flowlogs1", "flowlogs1"),
        ("https://flowlogs1.blob.core.windows.net", None),
        ("https://flowlogs1.table.cosmos.azure.com", None),
        ("https://tables.example.com", None),
    ],
)
def test_an_address_of_tables_tells_the_account_s_name(address: str, account: str | None):
    assert account_in(address, Service.TABLES) == account


@pytest.mark.parametrize(
    ("blobs", "tables"),
    [
        ("https://flowlogs1.blob.core.windows.net", "https://flowlogs1.table.core.windows.net"),
        ("https://FlowLogs1.Blob.Core.Windows.Net", "https://FlowLogs1.table.Core.Windows.Net"),
        ("https://flowlogs1.blob.core.windows.net:443/", "https://flowlogs1.table.core.windows.net:443/"),
        ("https://flowlogs1.blob.core.chinacloudapi.cn", "https://flowlogs1.table.core.chinacloudapi.cn"),
        (
            "https://flowlogs1.privatelink.blob.core.windows.net",
            "https://flowlogs1.privatelink.table.core.windows.net",
        ),
        ("https://flowlogs1.z12.blob.storage.azure.net", "https://flowlogs1.z12.table.storage.azure.net"),
        ("https://flowlogs1.blob.localhost:10000", ""),
        ("https://logs.blob.example.com", ""),
        ("https://logs.example.com", ""),
        ("https://127.0.0.1:10000/flowlogs1", ""),
        ("https://azurite:10000/flowlogs1", ""),
        ("https://flowlogs1.table.core.windows.net", ""),
    ],
)
def test_tables_are_beside_the_blobs_at_azure_s_own_endpoints_alone(blobs: str, tables: str):
    assert tables_beside(blobs) == tables


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("flowlogs1", "flowlogs1"),
        ("FLOWLOGS1", "flowlogs1"),
        ("fl", None),
        ("f" * 25, None),
        ("flow-logs", None),
        ("flowlogs1.blob.core.windows.net", None),
        ("flow\u212aogs", None),
        ("flowlogs1\n", None),
        ("", None),
    ],
)
def test_a_name_is_spelled_as_azure_does(written: str, name: str | None):
    assert spelled(written) == name
