"""Where the subscription token comes from."""

import threading
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import orjson
import requests
from azure.core.credentials import TokenCredential

from shared.apigw.http import Session, bearer
from shared.clock import Clock
from shared.egress import advice
from shared.errors import RetryLater, SettingError
from shared.pasted import flaws
from shared.secret import Secret

_KEPT_SECONDS = 3600
_TIMEOUTS = (5, 10)
_VAULT_API = "7.4"


class TokenSource(Protocol):
    """A source of the subscription token."""

    def token(self) -> Secret:
        """Return the token to use now.

        Raises:
            RetryLater: It can't be read at the moment.
            SettingError: It is not where the settings say.
        """

    def renew(self, refused: Secret) -> bool:
        """Look for a newer token after `refused` was refused; return whether there is one."""


class FixedToken:
    """A token given in the settings; nothing newer ever comes."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def token(self) -> Secret:
        return self._token

    def renew(self, refused: Secret) -> bool:
        return self._token != refused


class VaultToken:
    """A token kept in Azure Key Vault, read with the app's own identity.

    It is kept for an hour, and read again when the gateway refuses it, so that a rotated token is used at once
    (Key Vault REST API, "Get Secret").
    """

    def __init__(self, uri: str, credential: TokenCredential, session: Session, clock: Clock) -> None:
        self._uri = uri
        self._credential = credential
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: Secret | None = None
        self._kept_at = 0.0

    def token(self) -> Secret:
        with self._lock:
            if self._kept is None or self._clock.monotonic() - self._kept_at > _KEPT_SECONDS:
                self._kept = self._read()
                self._kept_at = self._clock.monotonic()
            return self._kept

    def renew(self, refused: Secret) -> bool:
        with self._lock:
            if self._kept == refused:
                self._kept = None
        return self.token() != refused

    def _read(self) -> Secret:
        # A vault's tokens are for the vault's domain, in every cloud: https://vault.azure.net in the public one.
        audience = (urlsplit(self._uri).hostname or "").partition(".")[2]
        access = self._credential.get_token(f"https://{audience}/.default").token
        if not access.isascii() or not access.isprintable():
            # As a header, it would cause an error that repeats it.
            raise RetryLater("The identity endpoint returned a token with characters that a token can't have.")
        try:
            answer = self._session.request(
                "GET", f"{self._uri}?api-version={_VAULT_API}", headers=bearer(Secret(access)), timeout=_TIMEOUTS
            )
        except OSError as error:
            remedy = advice(error) or " Check the address and the vault's network rules."
            raise RetryLater(
                f"The vault of SUBSCRIPTION_TOKEN_SECRET can't be reached ({type(error).__name__}).{remedy}"
            ) from None
        return _secret_in(answer)


def _secret_in(answer: requests.Response) -> Secret:
    if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        # A fresh role assignment takes minutes to reach the vault, so this heals by itself when the role is right.
        raise RetryLater(
            f"The vault refuses the app's identity ({answer.status_code}). It needs the role Key Vault Secrets User."
        )
    if answer.status_code == HTTPStatus.NOT_FOUND:
        raise SettingError(
            "The vault has no secret at SUBSCRIPTION_TOKEN_SECRET. Check the name, or put the token there."
        )
    try:
        value = orjson.loads(answer.content)["value"] if answer.status_code == HTTPStatus.OK else None
    except (ValueError, KeyError, TypeError):
        value = None
    token = value.strip() if isinstance(value, str) else ""
    flaw = next(flaws(token, "SUBSCRIPTION_TOKEN"), None)
    if not token or not token.isascii() or flaw:
        raise RetryLater(
            f"The vault did not return a usable token at SUBSCRIPTION_TOKEN_SECRET (it answered {answer.status_code}). "
            f"The secret's value {flaw or 'must be the token alone.'}"
        )
    return Secret(token)
