"""The vault, which takes minutes to learn of a role that was just assigned."""

from __future__ import annotations

from urllib.parse import urlsplit

from azure import access_token
from speaking import Failed, Patience, on_one_line, setting
from web import Answer, request

_UNAUTHORIZED = 401


def wait_for_vault() -> None:
    """Wait until the vault accepts the user who runs terraform.

    VAULT_URI is the vault's address, such as https://NAME.vault.azure.net/, SUBSCRIPTION_ID the subscription that it is
    in. Raises Failed.
    """
    uri, subscription = setting("VAULT_URI"), setting("SUBSCRIPTION_ID")
    patience = Patience(600)
    while True:
        answer = _read(subscription, f"{uri}secrets", "&maxresults=1")
        if answer.status == 200:  # noqa: PLR2004 -- HTTP's own
            return
        # A wrong tenant stays wrong; everything else may pass.
        if answer.status == _UNAUTHORIZED or not patience.wait():
            raise Failed(
                f"The vault {uri} does not grant access: {_reason(answer)}\n"
                "Sign az in as the same user that runs terraform, with the role Key Vault Secrets Officer on the "
                "vault, then apply again."
            )


def secret_in_vault(subscription: str, address: str, *, unless: str = "") -> str:
    """Return the secret at an address, or the version before it if it equals `unless`; "" if that is not possible."""
    try:
        value = _value(subscription, address)
        if value and value == unless:
            before = _version_before(subscription, address)
            value = _value(subscription, before) if before else ""
    except Failed:
        return ""
    return value


def _value(subscription: str, address: str) -> str:
    said = _read(subscription, address).json()
    value = said.get("value") if isinstance(said, dict) else None
    return value if isinstance(value, str) else ""


def _version_before(subscription: str, address: str) -> str:
    said = _read(subscription, f"{address}/versions").json()
    listed = said.get("value") if isinstance(said, dict) else None
    try:
        versions = sorted((one["attributes"]["created"], one["id"].rpartition("/")[2]) for one in listed or [])
    except (KeyError, TypeError, AttributeError):
        return ""
    return f"{address}/{versions[-2][1]}" if len(versions) > 1 else ""


def audience_of(address: str) -> str:
    """Return the audience of tokens for a vault: its domain, which differs between clouds."""
    return f"https://{str(urlsplit(address).hostname).partition('.')[2]}"


def _read(subscription: str, address: str, options: str = "") -> Answer:
    token = access_token(subscription, audience_of(address))
    return request("GET", f"{address}?api-version=7.4{options}", bearer=token)


def _reason(answer: Answer) -> str:
    said = answer.json()
    error = said.get("error") if isinstance(said, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return f"{answer.why}. {on_one_line(message)}" if isinstance(message, str) else f"{answer.why}."
