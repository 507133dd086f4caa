"""Who asks: the app's managed identity, unless a caller brings another."""

from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ManagedIdentityCredential

type Identity = Callable[[str | None], TokenCredential]
"""Gives the credential for a client id, or for None the one that there is."""


class _ManagedIdentity:
    def __init__(self, client_id: str | None) -> None:
        self._credential = ManagedIdentityCredential(client_id=client_id, connection_timeout=5, read_timeout=10)

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 -- azure-core's own
        try:
            token: AccessToken = self._credential.get_token(*scopes, **options)
        except (ValueError, TypeError, AttributeError):
            # The library takes the form of the endpoint's answer for granted, such as that it is JSON.
            raise ClientAuthenticationError("The identity endpoint's answer can't be read.") from None
        return token


def managed_identity(client_id: str | None) -> TokenCredential:
    """Return the credential of a user-assigned identity, or of the system-assigned one for None.

    It keeps its tokens until shortly before they end, so make one a process.
    """
    return _ManagedIdentity(client_id)
