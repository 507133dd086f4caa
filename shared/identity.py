"""Who asks: the app's managed identity, unless a caller brings another."""

from collections.abc import Callable

from azure.core.credentials import TokenCredential
from azure.identity import ManagedIdentityCredential

type Identity = Callable[[str | None], TokenCredential]
"""Gives the credential for a client id, or for None the one that there is."""


def managed_identity(client_id: str | None) -> TokenCredential:
    """Return the credential of a user-assigned identity, or of the system-assigned one for None.

    It keeps its tokens until shortly before they end, so make one a process.
    """
    return ManagedIdentityCredential(client_id=client_id, connection_timeout=5, read_timeout=10)
