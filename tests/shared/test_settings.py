import base64
import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import SettingError
from shared.secret import Secret
from shared.settings import ByConnectionString, ByIdentity, Settings, VaultSecret
from shared.storage.account import account_name, blob_service
from shared.storage.logs import FlowLogAccount

_KEY = base64.b64encode(b"planted storage key, never to be seen").decode()
_TOKEN = "planted-subscription-token"
_STRING = f"DefaultEndpointsProtocol=https;AccountName=account;AccountKey={_KEY};EndpointSuffix=core.windows.net"
_LEAST = {
    "FLOW_LOGS": _STRING,
    "AzureWebJobsStorage": _STRING,
    "APIGW_URL": "https://gateway.example.com",
    "SUBSCRIPTION_TOKEN": _TOKEN,
}
_SECRET_URI = "https://name.vault.azure.net/secrets/token"


def _read(**changed: str | None) -> Settings:
    return Settings.from_environment({name: value for name, value in (_LEAST | changed).items() if value is not None})


def _refusal(**changed: str | None) -> str:
    with pytest.raises(SettingError) as refused:
        _read(**changed)
    return str(refused.value)


def test_with_the_required_settings_alone_the_others_have_their_defaults():
    assert _read() == Settings(
        flow_logs=ByConnectionString(Secret(_STRING), "account"),
        own_storage=ByConnectionString(Secret(_STRING), "account"),
        apigw_url="https://gateway.example.com",
        token=Secret(_TOKEN),
        client_id=None,
        start_from=None,
        batch_max_records=10_000,
        posts_in_flight=4,
        log_each=False,
    )


def test_a_line_for_each_invocation_is_asked_for_by_each_and_nothing_else():
    assert _read(SLUICE_LOG="each").log_each
    with pytest.raises(SettingError, match='SLUICE_LOG must be "each"'):
        _read(SLUICE_LOG="all")


@pytest.mark.parametrize("name", ["FLOW_LOGS", "AzureWebJobsStorage", "APIGW_URL", "SUBSCRIPTION_TOKEN"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_required_setting_that_is_missing_is_named(name: str, value: str | None):
    assert name in _refusal(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("FLOW_LOGS", "account", "connection string"),
        ("FLOW_LOGS", _STRING.replace("AccountKey", " AccountKey "), "a space in it"),
        ("AzureWebJobsStorage", "account", "connection string"),
        ("APIGW_URL", "gateway.example.com", "https://"),
        ("APIGW_URL", "ftp://gateway.example.com", "https://"),
        ("APIGW_URL", "https://", "https://"),
        ("APIGW_URL", "https://[::1", "https://"),
        ("APIGW_URL", "https://gateway.example.com:port", "https://"),
        ("APIGW_URL", "https://gateway.example.com:0", "https://"),
        ("APIGW_URL", "https://gateway .example.com", "a space in it"),
        ("APIGW_URL", "https://gateway.example.com\n/flow", "several lines"),
        ("APIGW_URL", "https://gateway.example.com,", "https://"),
        ("APIGW_URL", "<https://gateway.example.com>", "https://"),
        ("APIGW_URL", "https://.", "https://"),
        ("APIGW_URL", "https://gateway..example.com", "https://"),
        ("APIGW_URL", f"https://{'g' * 64}.example.com", "https://"),
        ("APIGW_URL", "http://gateway.example.com", "Use https://"),
        ("APIGW_URL", "http://127.0.0.1.example.com", "Use https://"),
        ("APIGW_URL", f"https://user:{_KEY}@gateway.example.com", "Leave out user, password"),
        ("APIGW_URL", f"https://gateway.example.com?token={_KEY}", "Leave out user, password"),
        ("APIGW_URL", "https://gateway.example.com?", "Leave out user, password"),
        ("APIGW_URL", "https://gateway.example.com#", "Leave out user, password"),
        ("SUBSCRIPTION_TOKEN", f"Bearer {_KEY}", "Give only the value"),
        ("SUBSCRIPTION_TOKEN", f"{_KEY}\n{_KEY}", "Give only the value"),
        ("SUBSCRIPTION_TOKEN", f"{_KEY}é", "Paste only the token"),
        ("START_FROM", "yesterday", "2026-11-23T15"),
        ("START_FROM", "2026-11-31", "2026-11-23T15"),
        ("START_FROM", "2026-11-23T15:30", "2026-11-23T15"),
        ("START_FROM", "2026-11-23T15+01:00", "2026-11-23T15"),
        ("START_FROM", "٢٠٢٦-11-23", "2026-11-23T15"),
        ("BATCH_MAX_RECORDS", "0", "from 1 to 100000"),
        ("BATCH_MAX_RECORDS", "100001", "from 1 to 100000"),
        ("BATCH_MAX_RECORDS", "1e3", "from 1 to 100000"),
        ("BATCH_MAX_RECORDS", "٣", "from 1 to 100000"),
        ("POSTS_IN_FLIGHT", "-1", "from 1 to 64"),
        ("POSTS_IN_FLIGHT", "9" * 10_000, "from 1 to 64"),
    ],
)
def test_a_malformed_setting_is_named_with_what_it_should_be_and_without_its_value(
    name: str, value: str, expected: str
):
    message = _refusal(**{name: value})
    assert name in message
    assert expected in message
    assert _KEY not in message


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://name.vault.azure.net", "not the URI of a secret"),
        ("https://name.vault.azure.net/keys/token", "not the URI of a secret"),
        ("https://[", "not a valid web address"),
        ("http://name.vault.azure.net/secrets/token", "Use https://"),
        (_TOKEN, "not a valid web address"),
    ],
)
def test_a_malformed_address_of_the_token_is_named(uri: str, expected: str):
    message = _refusal(SUBSCRIPTION_TOKEN=None, SUBSCRIPTION_TOKEN_SECRET=uri)
    assert "SUBSCRIPTION_TOKEN_SECRET" in message
    assert expected in message
    assert _TOKEN not in message


def test_a_token_and_an_address_of_one_are_one_too_many():
    message = _refusal(SUBSCRIPTION_TOKEN_SECRET=_SECRET_URI)
    assert message.startswith("Exactly one of SUBSCRIPTION_TOKEN_SECRET")
    assert _TOKEN not in message


def test_a_token_is_taken_from_where_the_settings_say():
    settings = _read(SUBSCRIPTION_TOKEN=None, SUBSCRIPTION_TOKEN_SECRET=_SECRET_URI)
    assert settings.token == VaultSecret(_SECRET_URI)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "HTTP://[::1]:8080", "http://127.8.8.8"])
def test_http_is_taken_on_loopback(url: str):
    assert _read(APIGW_URL=url).apigw_url == url


def test_a_trailing_slash_is_left_out():
    assert _read(APIGW_URL="https://gateway.example.com/base/").apigw_url == "https://gateway.example.com/base"


_BY_IDENTITY = {
    "FLOW_LOGS": None,
    "FLOW_LOGS__blobServiceUri": "https://account.blob.core.windows.net",
    "FLOW_LOGS__queueServiceUri": "https://account.queue.core.windows.net",
    "FLOW_LOGS__credential": "managedidentity",
    "FLOW_LOGS__clientId": "client",
    "FLOW_LOGS_ACCOUNT_NAME": "account",
    "AzureWebJobsStorage": None,
    "AzureWebJobsStorage__blobServiceUri": "https://own.blob.core.windows.net",
    "AzureWebJobsStorage__tableServiceUri": "https://own.table.core.windows.net",
    "AzureWebJobsStorage__clientId": "client",
    "SUBSCRIPTION_TOKEN": None,
    "SUBSCRIPTION_TOKEN_SECRET": _SECRET_URI,
    "AZURE_CLIENT_ID": "client",
    "START_FROM": "2026-11-23T15",
    "BATCH_MAX_RECORDS": "500",
    "POSTS_IN_FLIGHT": "2",
}
_OF_BOTH_WAYS = [(name, value, {}) for name, value in _LEAST.items()] + [
    (name, value, _BY_IDENTITY) for name, value in _BY_IDENTITY.items() if value is not None
]


@pytest.mark.parametrize(("name", "value", "others"), _OF_BOTH_WAYS)
@pytest.mark.parametrize(
    ("form", "said"),
    [
        ('"{}"', "is in quotes. Remove them."),
        ("'{}'", "is in quotes. Remove them."),
        ("\u201c{}\u201d", "is in quotes. Remove them."),
        ('{}"', "has a quotation mark in it. Remove it."),
        ("{}\n", "has a line break at its end. Remove it."),
        ("{}\r\n", "has a line break at its end. Remove it."),
        (" {}", "has a space at its beginning. Remove it."),
        ("{}\n{}", "has several lines."),
        ("{} {}", "has a space in it."),
        ("\ufeff{}", "has an invisible character in it (U+FEFF)."),
        ("{}\u00a0", "has an invisible character in it (U+00A0)."),
        ("{}\u200b", "has an invisible character in it (U+200B)."),
        ("export X={}", "begins with a name, like a line of a script."),
        ("APIGW_URL={}", "begins with a name, like a line of a script."),
    ],
)
def test_what_was_pasted_along_with_any_setting_is_named(
    name: str, value: str, others: dict[str, str | None], form: str, said: str
):
    _read(**others)
    message = _refusal(**others | {name: form.replace("{}", value)})
    assert message.startswith(f"The setting {name} {said}")
    assert value not in message.removeprefix(f"The setting {name}") or value.isdecimal()
    assert _KEY not in message
    assert _TOKEN not in message


@pytest.mark.parametrize("name", ["FLOW_LOGS", "AzureWebJobsStorage"])
def test_an_account_is_reached_by_identity_where_its_address_is_given(name: str):
    changed = {name: None, f"{name}__blobServiceUri": "https://account.blob.core.windows.net/"}
    field = {"FLOW_LOGS": "flow_logs", "AzureWebJobsStorage": "own_storage"}[name]
    assert getattr(_read(**changed), field) == ByIdentity(
        "https://account.blob.core.windows.net", "https://account.table.core.windows.net", None, "account"
    )


def test_no_account_is_reached_by_identity_without_tls():
    message = _refusal(FLOW_LOGS=None, FLOW_LOGS__blobServiceUri="http://127.0.0.1:10000/devstoreaccount1")
    assert "FLOW_LOGS__blobServiceUri" in message
    assert "Use https://" in message


def test_an_identity_of_its_own_comes_before_that_of_the_app():
    by_identity = {"FLOW_LOGS": None, "FLOW_LOGS__blobServiceUri": "https://account.blob.core.windows.net"}
    of_the_app = _read(**by_identity, AZURE_CLIENT_ID="app")
    of_its_own = _read(**by_identity, AZURE_CLIENT_ID="app", FLOW_LOGS__clientId="own")
    assert isinstance(of_the_app.flow_logs, ByIdentity)
    assert isinstance(of_its_own.flow_logs, ByIdentity)
    assert (of_the_app.flow_logs.client_id, of_its_own.flow_logs.client_id) == ("app", "own")


def test_a_connection_string_and_an_address_are_one_too_many():
    message = _refusal(FLOW_LOGS__blobServiceUri="https://account.blob.core.windows.net")
    assert "Keep one of them" in message
    assert _KEY not in message


def test_an_account_is_reached_by_a_shared_access_signature():
    text = f"BlobEndpoint=https://account.blob.core.windows.net/;SharedAccessSignature=sv=2026-06-06&sig={_KEY}"
    assert _read(FLOW_LOGS=text).flow_logs == ByConnectionString(Secret(text), "account")


_SIGNED = f"SharedAccessSignature=sv=2026-06-06&sig={_KEY}"


@pytest.mark.parametrize(
    "settings",
    [
        {"FLOW_LOGS": _STRING},
        {"FLOW_LOGS": _STRING.replace("account;", "ACCOUNT;")},
        {"FLOW_LOGS": f"{_STRING};BlobEndpoint=https://logs.example.com"},
        {"FLOW_LOGS": f"BlobEndpoint=https://ACCOUNT.blob.core.windows.net;{_SIGNED}"},
        {"FLOW_LOGS": f"BlobEndpoint=https://account.z12.blob.storage.azure.net;{_SIGNED}"},
        {"FLOW_LOGS": f"BlobEndpoint=http://127.0.0.1:10000/account;{_SIGNED}"},
        {"FLOW_LOGS__blobServiceUri": "https://account.blob.core.windows.net:443/"},
        {"FLOW_LOGS__blobServiceUri": "https://Account.privatelink.blob.core.windows.net."},
        {"FLOW_LOGS__blobServiceUri": "https://account-secondary.blob.core.usgovcloudapi.net"},
        {"FLOW_LOGS__blobServiceUri": "https://logs.example.com", "FLOW_LOGS_ACCOUNT_NAME": "Account"},
        {"FLOW_LOGS__blobServiceUri": "https://account.blob.core.windows.net", "FLOW_LOGS_ACCOUNT_NAME": "ACCOUNT"},
        {"FLOW_LOGS": f"BlobEndpoint=https://logs.example.com;{_SIGNED}", "FLOW_LOGS_ACCOUNT_NAME": "account"},
    ],
)
def test_one_account_has_one_name_whatever_way_leads_to_it(settings: dict[str, str]):
    connection = _read(**{"FLOW_LOGS": None} | settings).flow_logs
    assert connection.account_name == "account"
    client = blob_service(connection, "FLOW_LOGS")
    assert account_name(client) == FlowLogAccount(client).name == "account"


@pytest.mark.parametrize(
    "settings",
    [
        {"FLOW_LOGS__blobServiceUri": "https://logs.example.com"},
        {"FLOW_LOGS": f"BlobEndpoint=https://logs.example.com;{_SIGNED}"},
        {"FLOW_LOGS__blobServiceUri": "https://account.dfs.core.windows.net"},
    ],
)
def test_an_address_that_does_not_tell_the_account_is_refused_with_the_setting_that_does(settings: dict[str, str]):
    assert "set FLOW_LOGS_ACCOUNT_NAME to that name" in _refusal(**{"FLOW_LOGS": None} | settings)


def test_a_name_of_another_account_than_the_address_is_refused():
    assert "name different storage accounts" in _refusal(FLOW_LOGS_ACCOUNT_NAME="another")


@pytest.mark.parametrize("name", ["no", "flow-logs", "account.blob.core.windows.net", _KEY])
def test_a_name_that_no_account_has_is_refused(name: str):
    message = _refusal(FLOW_LOGS_ACCOUNT_NAME=name)
    assert "FLOW_LOGS_ACCOUNT_NAME is not a valid storage account name" in message
    assert _KEY not in message


def test_the_functions_own_account_needs_no_name_since_nothing_is_named_after_it():
    own = {
        "AzureWebJobsStorage": None,
        "AzureWebJobsStorage__blobServiceUri": "https://own.example.com",
        "AzureWebJobsStorage__tableServiceUri": "https://tables.example.com/",
    }
    assert _read(**own).own_storage == ByIdentity(
        "https://own.example.com", "https://tables.example.com", None, "own.example.com"
    )


def test_an_address_of_the_own_account_s_tables_that_is_given_comes_before_the_one_beside_its_blobs():
    own = {
        "AzureWebJobsStorage": None,
        "AzureWebJobsStorage__blobServiceUri": "https://own.blob.core.windows.net",
        "AzureWebJobsStorage__tableServiceUri": "https://own.privatelink.table.core.windows.net",
    }
    connection = _read(**own).own_storage
    assert isinstance(connection, ByIdentity)
    assert connection.table_service_uri == "https://own.privatelink.table.core.windows.net"


@pytest.mark.parametrize("address", ["https://own.example.com", "https://127.0.0.1:10000/own"])
def test_an_address_of_the_own_account_that_does_not_tell_its_tables_names_the_setting_that_does(address: str):
    own = {"AzureWebJobsStorage": None, "AzureWebJobsStorage__blobServiceUri": address}
    assert "Set AzureWebJobsStorage__tableServiceUri" in _refusal(**own)


def test_of_the_flow_logs_account_nothing_need_tell_where_tables_are():
    signed = f"BlobEndpoint=https://account.blob.core.windows.net;{_SIGNED}"
    assert _read(FLOW_LOGS=signed).flow_logs.account_name == "account"
    by_identity = {"FLOW_LOGS": None, "FLOW_LOGS__blobServiceUri": "https://a.example.com"}
    assert _read(**by_identity, FLOW_LOGS_ACCOUNT_NAME="account").flow_logs.account_name == "account"


@pytest.mark.parametrize("blobs", ["https://account.blob.core.windows.net", "https://logs.example.com"])
def test_a_signature_of_the_own_account_without_the_address_of_its_tables_is_refused(blobs: str):
    signed = f"BlobEndpoint={blobs};{_SIGNED}"
    message = _refusal(AzureWebJobsStorage=signed)
    assert "AzureWebJobsStorage does not tell the address of the account's tables" in message
    assert "TableEndpoint" in message
    assert _KEY not in message
    assert _read(AzureWebJobsStorage=f"{signed};TableEndpoint=https://account.table.core.windows.net").own_storage


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://another.table.core.windows.net", "name different storage accounts"),
        ("http://127.0.0.1:10002/own", "Use https://"),
        ("http://own.table.core.windows.net", "Use https://"),
        ("own.table.core.windows.net", "not a valid web address"),
        (f"https://own.table.core.windows.net/?sig={_KEY}", "Leave out user, password"),
    ],
)
def test_an_address_of_tables_that_can_not_be_right_is_named(address: str, expected: str):
    own = {"AzureWebJobsStorage": None, "AzureWebJobsStorage__blobServiceUri": "https://own.blob.core.windows.net"}
    message = _refusal(**own, AzureWebJobsStorage__tableServiceUri=address)
    assert "AzureWebJobsStorage__tableServiceUri" in message
    assert expected in message
    assert _KEY not in message


def test_tables_of_the_own_account_that_are_beside_https_without_tls_are_refused():
    text = _STRING.replace("Protocol=https", "Protocol=http") + ";BlobEndpoint=https://account.blob.core.windows.net"
    assert "AzureWebJobsStorage (its table endpoint)" in _refusal(AzureWebJobsStorage=text)
    assert _read(FLOW_LOGS=text).flow_logs.account_name == "account"


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T15", datetime(2026, 11, 23, 15, tzinfo=UTC)),
        ("2026-11-23T15:00Z", datetime(2026, 11, 23, 15, tzinfo=UTC)),
        ("2026-11-23T15:00:00Z", datetime(2026, 11, 23, 15, tzinfo=UTC)),
    ],
)
def test_the_start_is_an_hour_in_utc(text: str, hour: datetime):
    assert _read(START_FROM=text).start_from == hour


def test_numbers_are_read():
    settings = _read(BATCH_MAX_RECORDS="500", POSTS_IN_FLIGHT="1")
    assert (settings.batch_max_records, settings.posts_in_flight) == (500, 1)


def test_no_secret_is_in_the_representation_of_the_settings():
    shown = repr(_read()) + str(_read())
    assert _KEY not in shown
    assert _TOKEN not in shown


_PIECES = st.sampled_from(
    [
        *_STRING.split(";"),
        "DefaultEndpointsProtocol=http",
        "AccountName=",
        f"AccountName={_KEY}",
        "AccountKey=",
        f" AccountKey ={_KEY}",
        f"accountkey={_KEY}",
        f"{_KEY}=1",
        _KEY,
        "BlobEndpoint=",
        "BlobEndpoint=[",
        "BlobEndpoint=https://account.example.com",
        f"BlobEndpoint=https://{_KEY}@account.example.com",
        "BlobSecondaryEndpoint=https://account.example.com",
        f"SharedAccessSignature=sv=2026-06-06&sig={_KEY}",
        "EndpointSuffix=a b",
        "UseDevelopmentStorage=true",
        "",
        "=",
    ]
)


@given(st.lists(_PIECES, max_size=6).map(";".join))
def test_whatever_became_of_a_connection_string_its_key_is_shown_nowhere(text: str):
    shown = _shown(text)
    assert "FLOW_LOGS" in shown or "ByConnectionString" in shown
    assert _KEY not in shown


def _shown(text: str) -> str:
    try:
        connection = _read(FLOW_LOGS=text).flow_logs
        return f"{connection} {blob_service(connection, 'FLOW_LOGS').account_name}"
    except SettingError as refused:
        return str(refused)


@given(
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs", "Cc"]), max_size=20),
    st.sampled_from(["", "http://", "https://", "https://[", "http://localhost"]),
)
def test_an_address_of_any_text_is_taken_or_named(text: str, scheme: str):
    for name in ("APIGW_URL", "FLOW_LOGS__blobServiceUri", "SUBSCRIPTION_TOKEN_SECRET"):
        others = {"FLOW_LOGS": None} if name.startswith("FLOW_LOGS") else {}
        others |= {"SUBSCRIPTION_TOKEN": None} if name == "SUBSCRIPTION_TOKEN_SECRET" else {}
        with contextlib.suppress(SettingError):
            _read(**others, **{name: scheme + text})


def test_every_problem_is_named_at_once():
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({"APIGW_URL": "http://gateway.example.com", "POSTS_IN_FLIGHT": "none"})
    named = ["FLOW_LOGS", "AzureWebJobsStorage", "APIGW_URL", "SUBSCRIPTION_TOKEN", "POSTS_IN_FLIGHT"]
    assert len(caught.value.problems) == len(named)
    assert all(name in problem for name, problem in zip(named, caught.value.problems, strict=True))
