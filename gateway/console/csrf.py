"""CSRF tokens of a session's forms, written differently in each answer.

Answers are compressed, and an answer's length reveals whether it repeats something (BREACH). A secret on pages that an
attacker can make reflect a guess must therefore look different each time, as in Django.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

_LONGEST: Final = 1024


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
