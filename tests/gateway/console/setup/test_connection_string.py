import pytest

from gateway.console.setup.connection_string import cloud_of, error_in

GOOD = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=cGxhbnRlZA==;EndpointSuffix=core.windows.net"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD + ";",
        GOOD.replace("EndpointSuffix=core.windows.net", ""),
        GOOD.replace("AccountName", "accountname"),
        GOOD.replace("core.windows.net", "core.usgovcloudapi.net"),
        GOOD + ";BlobEndpoint=https://flowlogs.blob.core.windows.net/",
    ],
)
def test_what_azure_writes_is_taken(text):
    assert error_in(text, "flowlogs") == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("planted", "This is not a connection string"),
        (f'"{GOOD}"', "has quotation marks around it or in it"),
        (f"\u201c{GOOD}\u201d", "has quotation marks around it or in it"),
        (GOOD.replace("cGxhbnRlZA==", '"cGxhbnRlZA=="'), "has quotation marks around it or in it"),
        (GOOD.replace(";", "; "), "has a space or a line break in it"),
        (GOOD + "\u200b", "some of which may be invisible"),
        (GOOD + GOOD, "two connection strings"),
        (GOOD.replace("AccountKey=cGxhbnRlZA==;", ""), "AccountKey is missing"),
        (GOOD.replace("AccountName=flowlogs;", ""), "AccountName is missing"),
        (
            GOOD.replace("cGxhbnRlZA==", "planted-key"),
            "AccountKey in this connection string does not have Azure's format",
        ),
        (GOOD.replace("flowlogs", "Flow-Logs"), "AccountName in this connection string does not have Azure's format"),
        (
            GOOD.replace("https", "http"),
            "DefaultEndpointsProtocol in this connection string does not have Azure's format",
        ),
        (
            GOOD.replace("core.windows.net", "planted.example"),
            "EndpointSuffix in this connection string does not have Azure's format",
        ),
        (GOOD + ";AccountName=flowlogs", "two connection strings"),
        (GOOD + "\n", "has a space or a line break in it"),
        (GOOD + "é", "contains characters that can't be right"),
        (GOOD + ";x=" + "y" * 1000, "This is not a connection string"),
        (GOOD.replace("flowlogs", "others"), "belongs to another storage account"),
    ],
)
def test_anything_else_is_reported_without_a_part_of_it(text, told):
    error = error_in(text, "flowlogs")
    assert told in error
    assert error.endswith(".")
    for part in ("cGxhbnRlZA", "planted", "others"):
        assert part not in error


def test_the_cloud_is_told_by_the_suffix():
    assert cloud_of(GOOD) == cloud_of("AccountName=a;AccountKey=b") == "core.windows.net"
    assert cloud_of("endpointsuffix=core.chinacloudapi.cn") == "core.chinacloudapi.cn"
