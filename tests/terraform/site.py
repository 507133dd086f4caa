"""Everything that the module's life takes place between: Azure, the gateway, and a copy of the module."""

import contextlib
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from dev.certificate import Certificate
from dev.gateway.faults import Faults
from dev.gateway.local import Customer, Gateway, new_customer, run_in_thread
from tests.support.servers import LocalServer
from tests.terraform.module import Module, bare_environment, copy_checkout, programs_alone
from tests.terraform.standin.az import az_on_path
from tests.terraform.standin.azure import Azure
from tests.terraform.standin.endpoints import over_http
from tests.terraform.standin.estate import StorageAccount
from tests.terraform.standin.provider import providing
from tests.terraform.standin.traffic import Traffic

A = "22222222-2222-4222-8222-222222222222"
B = "44444444-4444-4444-8444-444444444444"
"""Two subscriptions."""


@dataclass(frozen=True, slots=True)
class Site:
    """All of it, running.

    Attributes:
        azure: What terraform works on.
        gateway: The reference gateway.
        faults: What its next requests about subscriptions meet.
        customer: Who owns the subscription token.
        module: What is applied.
        az: What the command az was called with.
        package: Takes the place of the function app's package, in the console's download.
    """

    azure: Azure
    gateway: Gateway
    faults: Faults
    customer: Customer
    module: Module
    az: LocalServer
    package: Path

    @property
    def registered(self) -> list[str]:
        """Ids of the subscriptions that the gateway knows."""
        found = self.gateway.stores.registrations.in_force(self.customer.number)
        return sorted(each.subscription_id for each in found)

    def entry(self, subscription: str, account: str, location: str = "eastus") -> dict[str, str]:
        """An entry of region_set, for a storage account that is there."""
        there = StorageAccount(subscription, account, location)
        if there not in self.azure.estate.accounts:
            self.azure.estate.accounts.append(there)
        return {"location": location, "flow_logs_storage_connection_string": connection_string(account)}

    def variables(self, **region_set: dict[str, str]) -> dict[str, Any]:
        """The content of terraform.tfvars.json."""
        token = self.customer.subscription_token
        return {"subscription_token": token, "apigw_url": self.gateway.url, "region_set": region_set}

    @property
    def nothing_left(self) -> bool:
        """Whether all that was made is gone, and the gateway knows of no subscription."""
        return not self.azure.estate.resources and not self.registered


def initialise(checkout: Path) -> None:
    """Make a copy of the checkout, in a folder that is there and empty, and run `terraform init` in it."""
    copy_checkout(checkout)
    with providing(Azure()) as reached:
        run = Module(checkout, {**bare_environment(), **reached}).terraform("init", "-input=false", "-no-color")
    if not run.succeeded:
        raise RuntimeError(run.output)


def connection_string(account: str) -> str:
    """A storage account's connection string, as the portal shows it."""
    return (
        f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey=a2V5LW9mLXRoZS1hY2NvdW50;"
        "EndpointSuffix=core.windows.net"
    )


@dataclass(frozen=True, slots=True)
class Passing:
    """Lets the gateway answer, and counts the request."""

    traffic: Traffic

    @property
    def name(self) -> str:
        """What it is counted under."""
        return "gateway"

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await app(scope, receive, send)
        self.traffic.passed("gateway")


@contextlib.contextmanager
def site(folder: Path, checkout: Path, certificate: Certificate) -> Iterator[Site]:
    """Run everything, with a copy of an initialised checkout."""
    azure = Azure()
    faults = Faults(chances=[(1.0, Passing(azure.traffic))])
    programs = programs_alone(folder / "bin")
    shutil.copytree(checkout, folder / "checkout")
    package = _package(folder / "function.zip", folder / "checkout")
    with (
        providing(azure) as reached,
        run_in_thread(folder / "gateway", faults=faults, faulty_path="/qas/azure", package=package) as gateway,
        az_on_path(azure, programs) as az,
        over_http(azure, certificate) as proxy,
    ):
        environment = {
            **bare_environment(),
            **reached,
            "HOME": str(folder),
            "HTTPS_PROXY": proxy.url,
            "NO_PROXY": "127.0.0.1,localhost",
            "PATH": str(programs),
            "REQUESTS_CA_BUNDLE": str(certificate.certificate),
            "SLUICE_PATIENCE": "0",
        }
        customer = new_customer(gateway.stores.database, "customer")
        yield Site(azure, gateway, faults, customer, Module(folder / "checkout", environment), az, package)


def _package(path: Path, checkout: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("function_app.py", "host.json"):
            archive.write(checkout / name, name)
    return path
