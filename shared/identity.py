"""The app's managed identity, unless a caller provides another credential."""

import os
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ManagedIdentityCredential

from shared.errors import RetryLater, SettingError

type Identity = Callable[[str | None], TokenCredential]
"""Returns the credential for a client id, or the system-assigned one for None; it raises our own errors."""

_TIMEOUTS: Final[dict[str, Any]] = {"connection_timeout": 5, "read_timeout": 10}
_ENDPOINTS: Final = ("IDENTITY_ENDPOINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
"""Where the environment says that the identity endpoint is (azure-identity, "EnvironmentVariables")."""


class IdentityTransport(RequestsTransport):  # type: ignore[misc] # azure-core gives it out untyped
    """Sends requests to the identity endpoint directly, whatever the environment says about proxies.

    The endpoint is on the machine or beside it, where a proxy can't reach it, and a proxy would be shown the secret
    header that comes with the question. It speaks plain http, or the environment tells its address. All others that an
    identity asks are Microsoft Entra's, over https and as the environment says. No redirect is followed either way.

    Attributes:
        status: Of the last answer; None after a request that nothing answered.
    """

    def __init__(self) -> None:
        super().__init__(use_env_settings=False, **_TIMEOUTS)
        self._by_environment = RequestsTransport(**_TIMEOUTS)
        self.status: int | None = None

    def send(self, request: Any, **options: Any) -> Any:  # noqa: ANN401 -- azure-core's own, generic in two ways
        self.status = None
        send = super().send if _is_endpoint(request.url) else self._by_environment.send
        answer = send(request, **options)
        self.status = answer.status_code
        return answer

    def close(self) -> None:
        super().close()
        self._by_environment.close()


class _ManagedIdentity:
    def __init__(self, client_id: str | None) -> None:
        self._transport = IdentityTransport()
        self._lock = threading.Lock()
        try:
            self._credential = ManagedIdentityCredential(client_id=client_id, transport=self._transport)
        except ValueError:
            raise SettingError(
                "AZURE_CLIENT_ID does not match the identity that this machine has: "
                "a workload identity needs it, and Cloud Shell's has none."
            ) from None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 -- azure-core's own
        with self._lock:  # of many at once, one asks the endpoint and the others use what it got
            try:
                token: AccessToken = self._credential.get_token(*scopes, **options)
                if not isinstance(token.token, str):
                    raise TypeError
            except (
                AzureError,
                OSError,
                ValueError,
                TypeError,
                AttributeError,
                LookupError,
                ArithmeticError,
                RecursionError,
            ):
                # One kind of error, so that the endpoint's trouble is not mistaken for storage's or the vault's. Not
                # only the library's, which assumes that the answer is an object with a text and a number.
                raise RetryLater(_trouble(self._transport.status)) from None
        return token


def managed_identity(client_id: str | None) -> TokenCredential:
    """Return the credential of a user-assigned identity, or of the system-assigned one for None.

    It keeps its tokens until shortly before they expire, so make one a process. Where no token is available it
    raises RetryLater.
    """
    return _ManagedIdentity(client_id)


def _trouble(status: int | None) -> str:
    if status is None:
        return "The identity endpoint can't be reached. Check that the app, or this machine, has a managed identity."
    said = f"The identity endpoint answered {status} and returned no token."
    if status in range(HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR):
        return f"{said} Check AZURE_CLIENT_ID, and that the identity is assigned to the app."
    return f"{said} If this persists, check what listens at IDENTITY_ENDPOINT."


def _is_endpoint(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" or parts.netloc in {urlsplit(os.environ.get(name, "")).netloc for name in _ENDPOINTS}
