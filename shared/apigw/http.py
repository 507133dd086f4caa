"""HTTP with the gateway and the vault: an answer is taken as it is, and nothing replaces the token."""

from shared.apigw.bounded import BoundedAdapter
from shared.http import DirectSession
from shared.secret import Secret


class Session(DirectSession):
    """Waits for an answer no longer than it is told."""

    def __init__(self) -> None:
        super().__init__(BoundedAdapter)
        self.headers["User-Agent"] = "sluice"


def bearer(token: Secret) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token.reveal}"}
