import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

import dev.azurite
from dev.azurite import Azurite, StorageAccount, azurite
from dev.certificate import Certificate


def test_a_blob_written_is_a_blob_read(account: StorageAccount):
    container = BlobServiceClient.from_connection_string(account.connection_string).create_container("logs")
    container.upload_blob("b", b"content")
    assert container.download_blob("b").readall() == b"content"


def test_a_message_sent_is_a_message_received(account: StorageAccount):
    queue = QueueServiceClient.from_connection_string(account.connection_string).create_queue("abc")
    queue.send_message("wake up")
    assert next(iter(queue.receive_messages())).content == "wake up"


def test_an_entity_inserted_is_an_entity_read(account: StorageAccount):
    table = TableServiceClient.from_connection_string(account.connection_string).create_table("abc")
    table.create_entity({"PartitionKey": "p", "RowKey": "r", "text": "content"})
    assert table.get_entity("p", "r")["text"] == "content"


def test_one_account_sees_nothing_of_another(new_account: Callable[[], StorageAccount]):
    one, other = (BlobServiceClient.from_connection_string(new_account().connection_string) for _ in range(2))
    one.create_container("logs").upload_blob("b", b"content")
    with pytest.raises(ResourceNotFoundError):
        other.get_blob_client("logs", "b").get_blob_properties()


def test_a_wrong_key_is_refused(new_account: Callable[[], StorageAccount]):
    account, other = new_account(), new_account()
    with (
        BlobServiceClient(account.blob_endpoint, {"account_name": account.name, "account_key": other.key}) as client,
        pytest.raises(HttpResponseError, match="AuthorizationFailure"),
    ):
        client.create_container("logs")


def test_a_key_is_not_in_the_repr(azurite: Azurite):
    assert azurite.accounts[0].key not in repr(azurite)


def test_a_directory_keeps_the_blobs_from_one_run_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dev.azurite.secrets, "token_bytes", bytes)
    with azurite(tmp_path) as first:
        BlobServiceClient.from_connection_string(first.connection_string).create_container("kept")
    with azurite(tmp_path) as second:
        names = [c.name for c in BlobServiceClient.from_connection_string(second.connection_string).list_containers()]
    assert names == ["kept"]


class _Credential:
    def __init__(self, audience: str) -> None:
        claims = {"aud": audience, "iss": "https://sts.windows.net/tenant/", "iat": 0, "nbf": 0, "exp": 2**33}
        self._token = AccessToken(jwt.encode(claims, "k" * 32), 2**33)

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return self._token


def test_with_a_certificate_it_speaks_https_and_checks_the_audience_of_tokens(certificate: Certificate):
    with azurite(certificate=certificate) as running:
        url = running.accounts[0].blob_endpoint
        assert url.startswith("https://")
        for_storage, for_another = (
            BlobServiceClient(url, _Credential(audience), connection_verify=str(certificate.certificate))
            for audience in ("https://storage.azure.com", "https://vault.azure.net")
        )
        for_storage.create_container("logs")
        with pytest.raises(ClientAuthenticationError):
            for_another.create_container("logs")


def test_it_says_what_is_missing_when_it_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dev.azurite, "_AZURITE", tmp_path / "azurite.js")
    with pytest.raises(RuntimeError, match="make setup"), azurite():
        pass


def test_it_tells_why_azurite_did_not_start(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RuntimeError, match=r"EEXIST|ENOTDIR"), azurite(tmp_path / "file" / "data"):
        pass


def test_it_dies_with_a_parent_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-m", "dev.azurite"], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    with parent.stdout as output:
        output.readline()
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        parent.kill()
        parent.wait()
    assert len(children) == 1
    assert _ended(int(children[0]))


def _ended(pid: int) -> bool:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10)[0])
    finally:
        os.close(process)
