"""The token and the registration: what the gateway is asked on apply and destroy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

from speaking import Failed, say, setting
from vault import secret_in_vault

from gateway import Gateway, is_ambiguous, may_pass, refusal, token_end

_REFUSED = {401, 403}
_LEAVE = "SLUICE_LEAVE_REGISTRATION"
TOKEN_VARIABLE = "TF_VAR_subscription_token"  # noqa: S105 -- a name


def check_token() -> None:
    """Ask the gateway whether it accepts the token, before anything relies on it, and say when the token expires.

    APIGW_URL is the gateway's address, SUBSCRIPTION_TOKEN the token that it issued. Raises Failed.
    """
    end = _accepted(Gateway(setting("APIGW_URL"), setting("SUBSCRIPTION_TOKEN")))
    say(f"The gateway accepts the subscription token until {end}.")


def _accepted(gateway: Gateway) -> str:
    """Return until when a gateway accepts its token. Raises Failed if it does not, or is not a gateway."""
    answer = gateway.ask("GET", "/qas/subscription-token")
    end, foreign = token_end(answer), gateway.foreign(answer)
    if answer.status == 200 and end:  # noqa: PLR2004 -- HTTP's own, here and below
        return end
    if answer.status == 200:  # noqa: PLR2004
        raise Failed(f"What answers at {gateway.url} is not an API gateway. Correct apigw_url.")
    if answer.status in _REFUSED and foreign:
        raise Failed(f"{foreign}. Let the request pass, or correct apigw_url.")
    if answer.status in _REFUSED:
        raise Failed(
            f"The gateway refuses the subscription token (HTTP {answer.status}). {refusal(answer)}, and put it into "
            "terraform.tfvars.json."
        )
    if not answer.status:
        raise Failed(
            f"The gateway at {gateway.url} can't be reached: {answer.trouble}. Correct apigw_url or the network."
        )
    if may_pass(answer.status):
        raise Failed(f"The gateway at {gateway.url} is not working (HTTP {answer.status}). Try again later.")
    raise Failed(f"There is no API gateway at {gateway.url} (HTTP {answer.status}). Correct apigw_url.")


def register() -> None:
    """Register the subscription at the gateway. Doing so again is harmless.

    APIGW_URL is the gateway's address, SUBSCRIPTION_ID what is registered, SUBSCRIPTION_TOKEN the token that the
    gateway issued, REGISTRATION the registration as the gateway's API has it. Raises Failed.
    """
    gateway, subscription = Gateway(setting("APIGW_URL"), setting("SUBSCRIPTION_TOKEN")), setting("SUBSCRIPTION_ID")
    answer = gateway.ask("PUT", f"/qas/azure/subscriptions/{subscription}", setting("REGISTRATION").encode())
    foreign, status = gateway.foreign(answer), answer.status
    if status in {200, 201}:
        say(f"Subscription {subscription} is registered at {gateway.url}.")
    elif status in {400, 422, *_REFUSED} and foreign:
        raise Failed(f"{foreign}. Let the request pass, or correct apigw_url, and apply again.")
    elif not status:
        raise Failed(
            f"The gateway at {gateway.url} can't be reached: {answer.trouble}. Correct apigw_url or the network, and "
            "apply again."
        )
    elif status in {400, 422}:
        raise Failed(
            f"The gateway does not accept the registration (HTTP {status}). Is its version the same as this module's?"
        )
    elif status in _REFUSED:
        raise Failed(
            f"The gateway refuses the subscription token (HTTP {status}). {refusal(answer)}, put it into "
            "terraform.tfvars.json, and apply again."
        )
    elif may_pass(status):
        raise Failed(f"The gateway is not working (HTTP {status}). Everything else is kept: apply again later.")
    else:
        raise Failed(
            f"The gateway at {gateway.url} does not take registrations (HTTP {status}). Correct apigw_url, and "
            "apply again."
        )


def deregister() -> None:
    """Remove the deployment's registration from the gateway, before the application loses its access.

    APIGW_URL is the gateway's address, SUBSCRIPTION_ID and DEPLOYMENT what is deregistered; an earlier release kept no
    DEPLOYMENT, and its registration was the subscription's only one. The token is in one of VARIABLES_FILES
    (a list in JSON), or else in TF_VAR_subscription_token, or else in the vault, at the address TOKEN_SECRET, which an
    earlier release did not keep. If the files now have another gateway's address, that one must accept its token
    first, and this one is shown what the vault had before. Raises Failed.
    """
    url, subscription = setting("APIGW_URL"), setting("SUBSCRIPTION_ID")
    deployment = os.environ.get("DEPLOYMENT", "")
    place = f"subscription {subscription}"
    named = f"deployment {deployment} in {place}" if deployment else place
    stays = f"The registration of {named} remains at {url}: end it in the gateway's console, under Registrations."
    if os.environ.get(_LEAVE):
        say(f"Warning: {_LEAVE} is set. {stays}")
        return
    gateway = Gateway(url, find_token(url, subscription, os.environ.get("TOKEN_SECRET", "")))
    if not gateway.token:
        say(
            f"Warning: There is no subscription token in terraform.tfvars.json or {TOKEN_VARIABLE}, and none could be "
            f"read from the vault. {stays}"
        )
        return
    query = f"?deployment={quote(deployment, safe='')}" if deployment else ""
    answer = gateway.ask("DELETE", f"/qas/azure/subscriptions/{subscription}{query}")
    foreign, status = gateway.foreign(answer), answer.status
    if status in {200, 202, 204}:
        say(f"The {named} is no longer registered at {url}.")
    elif status in {404, *_REFUSED} and foreign:
        say(f"Warning: {foreign}. {stays}")
    elif status == 404:  # noqa: PLR2004
        say(f"The {named} was not registered at {url}.")
    elif is_ambiguous(answer):
        say(f"Warning: Several deployments are registered in subscription {subscription}. {stays}")
    elif status in _REFUSED:
        say(f"Warning: The gateway refuses the subscription token (HTTP {status}). {stays}")
    else:
        refused = f"did not deregister the subscription (HTTP {status})"
        problem = refused if status else f"can't be reached: {answer.trouble}"
        raise Failed(
            f"The gateway at {url} {problem}. Run the same command again later. If the gateway is gone for good, set "
            f"{_LEAVE}=1 in the environment, and run it again."
        )


def find_token(url: str, subscription: str, in_vault: str) -> str:
    """Return the token for a gateway, or nothing. Raises Failed if another gateway is to take over and can't."""
    files = [Path(name) for name in json.loads(setting("VARIABLES_FILES"))]
    written = next(filter(None, (text_in(file, "subscription_token") for file in files)), "")
    given = written or os.environ.get(TOKEN_VARIABLE, "")
    addresses = {address.rstrip("/") for address in (text_in(file, "apigw_url") for file in files) if address}
    elsewhere = next(iter(addresses - {url.rstrip("/")}), "")
    if not elsewhere:
        return given or (secret_in_vault(subscription, in_vault) if in_vault else "")
    try:
        _accepted(Gateway(elsewhere, given))
    except Failed as failed:
        raise Failed(
            f"{failed} Until then the registration at {url} remains. To destroy, put {url} back as apigw_url."
        ) from failed
    # The new gateway's token must not be shown to the old one.
    return secret_in_vault(subscription, in_vault, unless=given) if in_vault else ""


def text_in(file: Path, name: str) -> str:
    """Return a string from a file of variables; "" if it is not there."""
    try:
        text = json.loads(file.read_text(encoding="utf-8"))[name]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return text if isinstance(text, str) else ""
