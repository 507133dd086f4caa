"""The demo's deployment: configured at the console, and registered as `terraform apply` does it."""

import datetime as dt
import uuid

import requests

from dev.console import configure_flow_logs
from dev.flowlogs.nics import REGION, SUBSCRIPTION
from dev.rig import Rig
from gateway.clock import iso

DEPLOYMENT = "azure-demo"
_CREDENTIAL_LIFE = dt.timedelta(days=365)
_TIMEOUT_SECONDS = 10.0


def set_up(rig: Rig) -> None:
    """Configure the storage account that the logs are in, and register its subscription.

    Raises RuntimeError if the gateway refuses it.
    """
    # As the portal shows it, were the account in Azure: the emulator's own would not be accepted.
    connection_string = (
        f"DefaultEndpointsProtocol=https;AccountName={rig.logs.name};AccountKey={rig.logs.key};"
        "EndpointSuffix=core.windows.net"
    )
    where = rig.addresses.gateway
    account = rig.logs.name, REGION, connection_string
    configure_flow_logs(where, rig.gateway.customer, DEPLOYMENT, SUBSCRIPTION, *account)
    answer = requests.put(
        f"{where}/qas/azure/subscriptions/{SUBSCRIPTION}",
        json=_registration(rig.logs.name, dt.datetime.now(dt.UTC)),
        headers={"Authorization": f"Bearer {rig.subscription_token}"},
        timeout=_TIMEOUT_SECONDS,
    )
    if not answer.ok:
        raise RuntimeError(f"The gateway did not register the subscription: HTTP {answer.status_code}.")


def _registration(account: str, now: dt.datetime) -> dict[str, object]:
    """Return what Terraform would send, with ids that are made up."""
    return {
        "tenantId": str(uuid.uuid4()),
        "applicationId": str(uuid.uuid4()),
        "deployment": DEPLOYMENT,
        "cloud": "public",
        "credentialExpiresAt": iso(now + _CREDENTIAL_LIFE),
        "regions": [{"location": REGION, "storageAccount": account, "functionApp": f"{DEPLOYMENT}-location1"}],
    }
