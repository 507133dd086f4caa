"""Passwords, stored as scrypt hashes."""

import base64
import hashlib
import hmac
import secrets

_N, _R, _P = 2**15, 8, 1
"""One of the equally strong settings in OWASP's password storage cheat sheet, at 32 MB per hash."""
_MEMORY = 64 * 1024 * 1024
_SCHEME = "scrypt"


def new_password() -> str:
    """Generate a password that nobody can guess (120 random bits)."""
    return secrets.token_urlsafe(15)


def hash_password(password: str) -> str:
    """Return the text to store instead of a password: scheme, cost, salt and hash."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _N, _R, _P)
    return "$".join([_SCHEME, str(_N), str(_R), str(_P), _text(salt), _text(digest)])


def is_password(password: str, stored: str) -> bool:
    """Return whether a password matches the stored text, in a time that does not depend on the answer."""
    _, n, r, p, salt, digest = stored.split("$")
    return hmac.compare_digest(_scrypt(password, _bytes(salt), int(n), int(r), int(p)), _bytes(digest))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
