"""Secrets that the gateway must give back, encrypted at rest (Fernet: AES-128-CBC with HMAC-SHA256)."""

import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from gateway.stores.errors import KeyLostError


class Vault:
    """Encrypts with a key from a file that only the gateway's user can read.

    The file is created when it is first needed. Every method may be called from any thread, and blocks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._fernet: Fernet | None = None

    def seal(self, secret: str) -> bytes:
        """Encrypt a secret."""
        return self._key(make=True).encrypt(secret.encode())

    def unseal(self, sealed: bytes) -> str:
        """Decrypt what `seal` returned.

        Raises:
            KeyLostError: The key is missing, or is not the one that it was encrypted with.
        """
        try:
            return self._key(make=False).decrypt(sealed).decode()
        except InvalidToken:
            raise KeyLostError(
                f"What is stored cannot be decrypted with the key in {self._path}. "
                "Restore the key that belongs to this directory, or enter the connection strings again."
            ) from None

    def _key(self, *, make: bool) -> Fernet:
        with self._lock:
            if self._fernet is None:
                if make and not self._path.exists():
                    self._make()
                try:
                    self._fernet = Fernet(self._path.read_bytes())
                except (FileNotFoundError, ValueError):
                    raise KeyLostError(f"{self._path} is missing, or is not a key. Restore it from a backup.") from None
            return self._fernet

    def _make(self) -> None:
        """Create the file atomically, without ever replacing another one."""
        unfinished = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            with suppress(FileExistsError):
                self._path.hardlink_to(unfinished)
        finally:
            unfinished.unlink()
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
