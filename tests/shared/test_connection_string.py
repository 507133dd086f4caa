import base64

import pytest

from shared.connection_string import ConnectionString, read_connection_string
from shared.errors import SettingError

_KEY = base64.b64encode(b"planted storage key, never to be seen").decode()
_STRING = f"DefaultEndpointsProtocol=https;AccountName=flowlogs1;AccountKey={_KEY};EndpointSuffix=core.windows.net"
_SIGNED = f"SharedAccessSignature=sv=2026-06-06&sig={_KEY}"


def _read(text: str) -> ConnectionString:
    return read_connection_string("FLOW_LOGS", text)


def _refusal(text: str) -> str:
    with pytest.raises(SettingError) as refused:
        _read(text)
    message = str(refused.value)
    assert "FLOW_LOGS" in message
    assert _KEY not in message
    return message


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (_STRING, "https://flowlogs1.blob.core.windows.net"),
        (f"{_STRING};", "https://flowlogs1.blob.core.windows.net"),
        (
            _STRING.replace("core.windows.net", "core.usgovcloudapi.net"),
            "https://flowlogs1.blob.core.usgovcloudapi.net",
        ),
        (f"AccountName=flowlogs1;AccountKey={_KEY}", "https://flowlogs1.blob.core.windows.net"),
        (f"accountname=flowlogs1;ACCOUNTKEY={_KEY}", "https://flowlogs1.blob.core.windows.net"),
        (f"AccountName=flowlogs1;{_SIGNED}", "https://flowlogs1.blob.core.windows.net"),
        (
            f"BlobEndpoint=https://flowlogs1.blob.core.windows.net/;{_SIGNED}",
            "https://flowlogs1.blob.core.windows.net",
        ),
        (
            f"BlobEndpoint=https://FLOWLOGS1.z12.blob.storage.azure.net;{_SIGNED}",
            "https://FLOWLOGS1.z12.blob.storage.azure.net",
        ),
        (
            f"{_STRING};BlobEndpoint=https://flowlogs1-secondary.blob.core.windows.net",
            "https://flowlogs1-secondary.blob.core.windows.net",
        ),
        (f"{_STRING};BlobEndpoint=https://logs.example.com", "https://logs.example.com"),
        (
            f"AccountName=flowlogs1;AccountKey={_KEY};BlobEndpoint=http://127.0.0.1:10000/flowlogs1",
            "http://127.0.0.1:10000/flowlogs1",
        ),
        (f"BlobEndpoint=http://localhost:10000/flowlogs1;{_SIGNED}", "http://localhost:10000/flowlogs1"),
    ],
)
def test_a_connection_string_leads_to_one_account_by_one_address(text: str, address: str):
    read = _read(text)
    assert (read.account, read.address, read.text) == ("flowlogs1", address, text)


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        (_STRING, "https://flowlogs1.table.core.windows.net"),
        (
            _STRING.replace("core.windows.net", "core.usgovcloudapi.net"),
            "https://flowlogs1.table.core.usgovcloudapi.net",
        ),
        (f"AccountName=flowlogs1;AccountKey={_KEY}", "https://flowlogs1.table.core.windows.net"),
        (f"{_STRING};BlobEndpoint=https://logs.example.com", "https://flowlogs1.table.core.windows.net"),
        (f"{_STRING};TableEndpoint=https://tables.example.com/", "https://tables.example.com"),
        (
            f"BlobEndpoint=https://flowlogs1.blob.core.windows.net;{_SIGNED};TableEndpoint=https://t.example.com",
            "https://t.example.com",
        ),
        (f"{_STRING};TableEndpoint=http://127.0.0.1:10002/flowlogs1", "http://127.0.0.1:10002/flowlogs1"),
        ("UseDevelopmentStorage=true", "http://127.0.0.1:10002/devstoreaccount1"),
        (f"BlobEndpoint=https://flowlogs1.blob.core.windows.net;{_SIGNED}", ""),
        (f"BlobEndpoint=https://logs.example.com;{_SIGNED}", ""),
    ],
)
def test_a_connection_string_leads_to_the_tables_beside(text: str, tables: str):
    assert _read(text).tables == tables


def test_an_account_in_capitals_is_the_same_one_and_signs_under_its_own_name():
    assert _read(_STRING.replace("flowlogs1", "FlowLogs1")) == _read(_STRING)


@pytest.mark.parametrize(
    "text", ["UseDevelopmentStorage=true", "UseDevelopmentStorage=true;", "usedevelopmentstorage=True"]
)
def test_the_emulators_short_form_is_its_one_account(text: str):
    read = _read(text)
    assert (read.account, read.text) == ("devstoreaccount1", "UseDevelopmentStorage=true")
    assert read.address == "http://127.0.0.1:10000/devstoreaccount1"


@pytest.mark.parametrize(
    "text", ["UseDevelopmentStorage=false", f"UseDevelopmentStorage=true;{_STRING}", "UseDevelopmentStorage=true;X=1"]
)
def test_the_emulators_short_form_stands_alone(text: str):
    assert "UseDevelopmentStorage=true, alone" in _refusal(text)


def test_a_signature_for_a_domain_of_ones_own_names_no_account():
    assert _read(f"BlobEndpoint=https://logs.example.com;{_SIGNED}").account is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://flowlogs2.blob.core.windows.net",
        "https://flowlogs2-secondary.blob.core.windows.net",
        "https://flowlogs2.privatelink.blob.core.windows.net",
        "https://flowlogs2.z12.blob.storage.azure.net",
        "http://127.0.0.1:10000/flowlogs2",
    ],
)
def test_a_name_and_an_address_of_two_accounts_are_refused(endpoint: str):
    message = _refusal(f"{_STRING};BlobEndpoint={endpoint}")
    assert "names two storage accounts" in message
    assert "AccountName" in message
    assert "BlobEndpoint" in message


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (_STRING, "AccountName"),
        (f"{_STRING};BlobEndpoint=https://logs.example.com", "AccountName"),
        (f"BlobEndpoint=https://flowlogs1.blob.core.windows.net;{_SIGNED}", "BlobEndpoint"),
    ],
)
@pytest.mark.parametrize("endpoint", ["https://flowlogs2.table.core.windows.net", "http://127.0.0.1:10002/flowlogs2"])
def test_blobs_and_tables_of_two_accounts_are_refused(text: str, first: str, endpoint: str):
    message = _refusal(f"{text};TableEndpoint={endpoint}")
    assert f"names two storage accounts, one as {first}, another in TableEndpoint" in message


@pytest.mark.parametrize(
    "text",
    [
        _STRING + _STRING,
        f"{_STRING};{_STRING}",
        f"{_STRING},{_STRING}",
        f"BlobEndpoint=https://flowlogs1.blob.core.windows.net;{_SIGNED};BlobEndpoint=https://logs.example.com;{_SIGNED}",
        f"{_STRING};accountname=flowlogs1",
    ],
)
def test_two_strings_one_after_the_other_are_refused(text: str):
    assert "Keep one" in _refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "flowlogs1",
        _KEY,
        "https://flowlogs1.blob.core.windows.net",
        _STRING.replace("AccountName=flowlogs1;", ""),
        _STRING.replace(f"AccountKey={_KEY};", ""),
        _STRING.replace(_KEY, ""),
        _STRING.replace(_KEY, "no base64"),
        _STRING.replace("=flowlogs1;", f"={_KEY};"),
        _STRING.replace("flowlogs1", "flow-logs"),
        _STRING.replace("flowlogs1", "flowlogs1-secondary"),
        _STRING.replace(";", ";;"),
        f"={_STRING}",
        f"AccountName={_KEY};BlobEndpoint=https://flowlogs1.blob.core.windows.net;{_SIGNED}",
        f"BlobEndpoint=https://flowlogs1.blob.core.windows.net;AccountKey={_KEY}",
        ";",
    ],
)
def test_anything_else_is_refused_with_where_to_copy_it_from(text: str):
    message = _refusal(text)
    assert "is not a valid storage connection string" in message
    assert "AccountName and AccountKey" in message


@pytest.mark.parametrize(
    "text",
    [
        _STRING.replace("https", "http"),
        f"{_STRING};BlobEndpoint=http://flowlogs1.blob.core.windows.net",
        f"{_STRING};BlobEndpoint=flowlogs1.blob.core.windows.net",
        f"BlobEndpoint=https://flowlogs1.blob.core.windows.net/?sig={_KEY};SharedAccessSignature=x",
        _STRING.replace("core.windows.net", "core.windows.net,"),
        _STRING.replace("core.windows.net", "core.windows.net<br>"),
    ],
)
def test_an_address_that_is_not_fit_to_send_to_is_refused(text: str):
    assert "(its blob endpoint)" in _refusal(text)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://flowlogs1.table.core.windows.net",
        "flowlogs1.table.core.windows.net",
        f"https://flowlogs1.table.core.windows.net/?sig={_KEY}",
        f"https://{_KEY}@flowlogs1.table.core.windows.net",
        "https://",
    ],
)
def test_an_address_of_tables_that_is_not_fit_to_send_to_is_refused(endpoint: str):
    assert "(its table endpoint)" in _refusal(f"{_STRING};TableEndpoint={endpoint}")


def test_no_key_is_in_the_representation():
    assert _KEY not in repr(_read(_STRING))
