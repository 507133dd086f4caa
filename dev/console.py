"""An administrator at the gateway's console, as far as tests need one."""

import contextlib
import re
import time
from collections.abc import Iterator

import requests

from dev.gateway.local import Customer

_TIMEOUT_SECONDS = 10.0
_ASKS_WITHIN_SECONDS = 60.0
_AGAIN_SECONDS = 0.2
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_MACHINE = re.compile(r'href="(/setup/items/[0-9]+)"')


@contextlib.contextmanager
def _signed_in(gateway_url: str, customer: Customer) -> Iterator[requests.Session]:
    with requests.Session() as session:
        form = {"username": customer.user, "password": customer.password}
        session.post(f"{gateway_url}/sign-in", data=form, timeout=_TIMEOUT_SECONDS).raise_for_status()
        yield session


def accept_agent(gateway_url: str, customer: Customer, host: str, agent: str) -> None:
    """Accept the agent of an id on a machine, on its page, as soon as it has asked.

    Raises RuntimeError if it does not ask in time, or the console does not do it.
    """
    end = time.monotonic() + _ASKS_WITHIN_SECONDS
    with _signed_in(gateway_url, customer) as session:
        while True:
            listed = session.get(f"{gateway_url}/setup/items", params={"name": host}, timeout=_TIMEOUT_SECONDS)
            for machine in _MACHINE.findall(listed.text):
                page = session.get(gateway_url + machine, timeout=_TIMEOUT_SECONDS)
                accepting, csrf = f"{machine}/agents/{agent}/accept", _CSRF.search(page.text)
                if f'action="{accepting}"' in page.text and csrf is not None:
                    sent = session.post(gateway_url + accepting, data={"csrf": csrf[1]}, timeout=_TIMEOUT_SECONDS)
                    if f'Agent <span class="mono">{agent}</span> is accepted.' not in sent.text:
                        raise RuntimeError(f"The console did not accept the agent: HTTP {sent.status_code}.")
                    return
            if time.monotonic() > end:
                raise RuntimeError(f"The agent did not poll within {_ASKS_WITHIN_SECONDS:.0f} s.")
            time.sleep(_AGAIN_SECONDS)


def configure_flow_logs(
    gateway_url: str, customer: Customer, deployment: str, subscription: str, account: str, region: str, secret: str
) -> None:
    """Save a deployment with one storage account and its connection string.

    Raises RuntimeError if the console does not do it.
    """
    with _signed_in(gateway_url, customer) as session:
        address = f"{gateway_url}/setup/flow-logs/new"
        csrf = _CSRF.search(session.get(address, timeout=_TIMEOUT_SECONDS).text)
        form = {"name": deployment, "subscription_id": subscription, "row": "1", "csrf": csrf[1] if csrf else ""}
        form |= {"account-1": account, "region-1": region, "secret-1": secret}
        sent = session.post(address, data=form, timeout=_TIMEOUT_SECONDS)
        if f"{deployment} is saved." not in sent.text:
            raise RuntimeError(f"The console did not save the deployment: HTTP {sent.status_code}.")
