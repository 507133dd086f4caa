"""Who asks: the app's managed identity, unless a caller brings another."""

import threading
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import ManagedIdentityCredential

type Identity = Callable[[str | None], TokenCredential]
"""Gives the credential for a client id, or for None the one that there is."""


class _ManagedIdentity:
    def __init__(self, client_id: str | None) -> None:
        self._credential = ManagedIdentityCredential(client_id=client_id, connection_timeout=5, read_timeout=10)
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 -- azure-core's own
        try:
            with self._lock:  # of many at once, one asks the endpoint and the others find what it brought
                token: AccessToken = self._credential.get_token(*scopes, **options)
            if not isinstance(token.token, str):
                raise TypeError
        except (AzureError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            # One kind of error, lest the endpoint's trouble be taken for storage's or the vault's; and not only the
            # library's, which takes for granted that the answer is an object with a text and a number in it.
            raise ClientAuthenticationError("The identity endpoint gave no token.") from None
        return token


def managed_identity(client_id: str | None) -> TokenCredential:
    """Return the credential of a user-assigned identity, or of the system-assigned one for None.

    It keeps its tokens until shortly before they end, so make one a process.
    """
    return _ManagedIdentity(client_id)
