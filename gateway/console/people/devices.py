"""Device cookies: marks of browsers that somebody has signed in with, which nobody else can forge.

As OWASP describes ("Slow Down Online Guessing Attacks with Device Cookies"), guesses at a name from elsewhere do not
slow down a browser with a mark for that name. A mark by itself gives no access.
"""

import hashlib
import hmac
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_LIFE_SECONDS: Final = 365 * 24 * 3600
_LONGEST: Final = 100


class Devices:
    """The marks of one gateway's browsers."""

    def __init__(self, key: bytes, gateway: str, *, encrypted: bool) -> None:
        """Make marks with a secret key; `gateway` distinguishes the gateway from others on the same host."""
        self._key = key
        self._prefix = f"{'__Host-' if encrypted else ''}device-{gateway}-"
        self._encrypted = encrypted

    def device(self, request: Request, name: str) -> str | None:
        """Return the id of a request's browser if the user has signed in with it, or None."""
        number, _, seal = request.cookies.get(self._cookie(name), "")[:_LONGEST].partition(".")
        return number if number and hmac.compare_digest(seal.encode(), self._seal(number, name).encode()) else None

    def mark(self, response: Response, name: str) -> None:
        """Mark the browser that receives an answer as one that a user has signed in with."""
        number = secrets.token_urlsafe(12)
        response.set_cookie(
            self._cookie(name),
            f"{number}.{self._seal(number, name)}",
            _LIFE_SECONDS,
            secure=self._encrypted,
            httponly=True,
            samesite="strict",
        )

    def _cookie(self, name: str) -> str:
        """Return the name of a user's cookie: several users may share a browser."""
        return self._prefix + self._digest("cookie", name)[:8]

    def _seal(self, number: str, name: str) -> str:
        return self._digest("device", number, name)[:32]

    def _digest(self, *parts: str) -> str:
        # No number contains a line break, and each use has its own word.
        return hmac.new(self._key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()
