"""CSRF tokens of a session's forms, written differently in each answer.

A token also proves which user's session its form is from, even after the session has ended: so a form that is sent then
can be kept for that user, and for nobody else.

Answers are compressed, and an answer's length reveals whether it repeats something (BREACH). A secret on pages that an
attacker can make reflect a guess must therefore look different each time, as in Django.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

_LONGEST: Final = 1024


class FormTokens:
    """The tokens of one gateway's forms."""

    def __init__(self, key: bytes) -> None:
        """Seal tokens with a secret key."""
        self._key = key

    def token(self, user: int, secret: str) -> str:
        """Return the token for the forms of a user's session, which has a secret of its own."""
        return masked(f"{user}.{secret}.{self._seal(user, secret)}")

    def user_of(self, sent: str) -> int | None:
        """Return the id of the user whose session a token is or was from; None if it is not one of this gateway's."""
        user, _, rest = _unmasked(sent).decode(errors="replace").partition(".")
        secret, _, seal = rest.rpartition(".")
        if not (user.isascii() and user.isdecimal()):
            return None
        return int(user) if hmac.compare_digest(seal.encode(), self._seal(int(user), secret).encode()) else None

    def _seal(self, user: int, secret: str) -> str:
        # The first word distinguishes this use of the key from others.
        return hmac.new(self._key, f"form\n{user}\n{secret}".encode(), hashlib.sha256).hexdigest()[:32]


def masked(secret: str) -> str:
    """Return a secret under a mask of random bytes, which are prepended."""
    plain = secret.encode()
    mask = secrets.token_bytes(len(plain))
    return urlsafe_b64encode(mask + _xor(plain, mask)).decode()


def agree(sent: str, known: str) -> bool:
    """Return whether two texts are the same secret, each under its own mask."""
    return hmac.compare_digest(_unmasked(sent), _unmasked(known))


def _unmasked(text: str) -> bytes:
    """Remove a mask; return nothing for a text that is not a masked secret."""
    try:
        raw = urlsafe_b64decode(text[:_LONGEST])
    except ValueError:
        return b""
    half = len(raw) // 2
    return _xor(raw[half:], raw[:half])


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
