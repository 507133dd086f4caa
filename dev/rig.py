"""Everything that Sluice runs between, on this machine: storage, events, the function app in its host, the gateway, and
an agent.
"""

import contextlib
import datetime as dt
import os
import random
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient

from dev.azurite import StorageAccount, azurite
from dev.certificate import make_certificate
from dev.console import accept_agent
from dev.event_grid import EventGrid
from dev.gateway.local import Customer, agents_token, new_customer
from dev.host.process import HostProcess, host_process
from dev.machine import agent, apply_blueprint
from dev.processes import background
from gateway.stores.stores import open_database
from shared.storage.table_client import TABLE

_ROOT = Path(__file__).resolve().parent.parent
_LISTENING = re.compile(r'{"listening":"([^"]+)","edge":"([^"]+)"}')
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
        customer: Whose records the gateway stores.
        gateway_url: The gateway's address, its console's too.
        gateway_data: The gateway's directory, to be read once the rig is gone.
        gateway_log: What the gateway prints, its request log among it.
    """

    logs: StorageAccount
    own: StorageAccount
    host: HostProcess
    events: EventGrid
    customer: Customer
    gateway_url: str
    gateway_data: Path
    gateway_log: Path

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
    gateway_data = directory / "gateway"
    with contextlib.closing(open_database(gateway_data)) as database:
        customer = new_customer(database, "demo")
        token_of_agents = agents_token(database, customer)
        apply_blueprint(database, customer.number)
    certificate = make_certificate(directory, dt.datetime.now(dt.UTC))
    edge = ["--edge-port", "0", "--edge-certificate", str(certificate.certificate), "--edge-key", str(certificate.key)]
    storage = directory / "storage"
    storage.mkdir()
    with (
        azurite(storage, accounts=2) as emulator,
        background(
            "The gateway",
            [sys.executable, "-m", "gateway", "serve", "--data", str(gateway_data), "--port", "0", *edge],
            output=directory / "gateway.log",
            ready=lambda output: found.groups() if (found := _LISTENING.search(output)) else None,
            directory=_ROOT,
            environment=os.environ,
        ) as (_, (gateway_url, edge_url)),
        agent(edge_url, certificate, token_of_agents, directory / "agent") as identity,
    ):
        accept_agent(gateway_url, customer, identity.host, identity.agent_id)
        logs, own = emulator.accounts
        app_settings = {
            "FLOW_LOGS": logs.connection_string,
            "AzureWebJobsStorage": own.connection_string,
            "APIGW_URL": gateway_url,
            "SUBSCRIPTION_TOKEN": _new_subscription_token(gateway_url, customer),
            **settings,
        }
        with host_process(_ROOT, app_settings, directory / "host.log") as host:
            webhooks = {container: host.webhook(function) for container, function in _WEBHOOKS.items()}
            events = EventGrid(webhooks, random.Random(0))
            events.validate()
            yield Rig(logs, own, host, events, customer, gateway_url, gateway_data, directory / "gateway.log")


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
