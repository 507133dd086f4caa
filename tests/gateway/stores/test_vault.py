from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet

from gateway.stores.errors import StoreError
from gateway.stores.vault import Vault


@pytest.fixture
def path(tmp_path):
    return tmp_path / "secrets.key"


def test_what_is_sealed_is_unreadable_and_comes_back_after_a_restart(path):
    sealed = Vault(path).seal("planted-secret")
    assert b"planted-secret" not in sealed
    assert Vault(path).unseal(sealed) == "planted-secret"


def test_the_key_is_made_at_first_need_for_nobody_else(path):
    vault = Vault(path)
    assert not path.exists()
    vault.seal("x")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secrets.key"]


def test_vaults_that_make_the_key_at_once_end_up_with_the_same(path):
    vaults = [Vault(path) for _ in range(16)]
    with ThreadPoolExecutor(16) as threads:
        sealed = list(threads.map(lambda vault: vault.seal("x"), vaults))
    assert {Vault(path).unseal(each) for each in sealed} == {"x"}


def test_a_lost_key_is_reported_and_none_is_made_in_its_place(path):
    sealed = Vault(path).seal("x")
    path.unlink()
    with pytest.raises(StoreError, match="is missing"):
        Vault(path).unseal(sealed)
    assert not path.exists()


def test_another_key_is_reported(path):
    sealed = Vault(path).seal("x")
    path.write_bytes(Fernet.generate_key())
    with pytest.raises(StoreError, match="cannot be decrypted"):
        Vault(path).unseal(sealed)


def test_a_file_that_is_not_a_key_is_reported(path):
    path.write_text("no key")
    with pytest.raises(StoreError, match="is not a key"):
        Vault(path).seal("x")
