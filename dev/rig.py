"""Everything that Sluice runs between, on this machine: storage, events, the function app in its host, the gateway, and
an agent.
"""

import contextlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests
from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient

from dev.azurite import StorageAccount, azurite
from dev.event_grid import EventGrid
from dev.gateway.local import Customer
from dev.gateway.with_agent import Addresses, GatewayWithAgent
from dev.host.process import HostProcess, host_process
from shared.storage.table_client import TABLE

_ROOT = Path(__file__).resolve().parent.parent
_TIMEOUT_SECONDS = 10.0
_WEBHOOKS = {
    "insights-logs-networksecuritygroupflowevent": "nsg_flow_log",
    "insights-logs-flowlogflowevent": "vnet_flow_log",
}


@dataclass(frozen=True, slots=True)
class Rig:
    """All parts, running.

    Attributes:
        logs: The account that the flow logs are in.
        own: The function app's own account.
        host: The host that runs the function app.
        events: Tells the function app of what is written into `logs`.
        gateway: The gateway and the agent, which can be run again once the rig is gone.
        addresses: Where the gateway listens.
        subscription_token: What the function app posts with.
    """

    logs: StorageAccount
    own: StorageAccount
    host: HostProcess
    events: EventGrid
    gateway: GatewayWithAgent
    addresses: Addresses
    subscription_token: str = field(repr=False)

    def drain(self, seconds: float) -> None:
        """Wait for the last events, and for a sweep, which must find nothing left to do.

        Raises TimeoutError if either takes longer than that.
        """
        self.events.deliver_held()
        self.host.wait_until_idle(seconds)
        self.host.invoke("sweep")
        self.host.wait_until_idle(seconds)

    @property
    def log_service(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self.logs.connection_string)

    @property
    def own_service(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self.own.connection_string)

    @property
    def own_table(self) -> TableClient:
        return TableClient.from_connection_string(self.own.connection_string, TABLE)


@contextlib.contextmanager
def rig(directory: Path, settings: Mapping[str, str]) -> Iterator[Rig]:
    """Run all parts, with their data and logs in a directory, and further settings for the function app.

    Raises RuntimeError, with the reason, if a part does not start.
    """
    gateway = GatewayWithAgent.create(directory, "demo")
    storage = directory / "storage"
    storage.mkdir()
    with azurite(storage, accounts=2) as emulator, gateway.running() as addresses:
        logs, own = emulator.accounts
        subscription_token = _new_subscription_token(addresses.gateway, gateway.customer)
        app_settings = {
            "FLOW_LOGS": logs.connection_string,
            "AzureWebJobsStorage": own.connection_string,
            "APIGW_URL": addresses.gateway,
            "SUBSCRIPTION_TOKEN": subscription_token,
            **settings,
        }
        with host_process(_ROOT, app_settings, directory / "host.log") as host:
            webhooks = {container: host.webhook(function) for container, function in _WEBHOOKS.items()}
            events = EventGrid(webhooks, random.Random(0))
            events.validate()
            yield Rig(logs, own, host, events, gateway, addresses, subscription_token)


def _new_subscription_token(gateway_url: str, customer: Customer) -> str:
    """Get a token as a person does: sign in, and ask for one."""
    form = {"username": customer.user, "password": customer.password, "token": "true"}
    signed_in = requests.post(f"{gateway_url}/auth", data=form, timeout=_TIMEOUT_SECONDS)
    signed_in.raise_for_status()
    issued = requests.post(
        f"{gateway_url}/qas/subscription-token",
        json={"expiry": 500_000},
        headers={"Authorization": f"Bearer {signed_in.text}"},
        timeout=_TIMEOUT_SECONDS,
    )
    issued.raise_for_status()
    return str(issued.json()["subscriptionToken"])
