"""The last lines of an apply: where to look, and until when the token is valid."""

from __future__ import annotations

import os
import sys

from registering import find_token
from speaking import Failed, setting

from gateway import Gateway, token_end


def summary() -> None:
    """Print the console's page, the token's end, and when records appear. It holds up no apply: all is done by then.

    APIGW_URL is the gateway's address, CONSOLE the page, MINUTES the time until the first records. The token is where
    `deregister` finds it. Raises Failed only for settings that are missing.
    """
    minutes, console = setting("MINUTES"), setting("CONSOLE")
    end = _token_end(setting("APIGW_URL"), setting("SUBSCRIPTION_ID"), os.environ.get("TOKEN_SECRET", ""))
    sys.stdout.write(
        f"Sluice delivers. First records appear within {minutes} minutes, if there is traffic.\n"
        f"Console: {console}\n"
        f"Subscription token: {f'valid until {end}' if end else 'its end is shown under Tokens in the console'}\n"
    )


def _token_end(url: str, subscription: str, in_vault: str) -> str | None:
    try:
        token = find_token(url, subscription, in_vault)
        return token_end(Gateway(url, token).ask("GET", "/qas/subscription-token")) if token else None
    except Failed:
        return None
