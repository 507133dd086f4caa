"""A gateway with its edge, and an agent on this machine that delivers to it."""

import contextlib
import datetime as dt
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from dev.certificate import Certificate, make_certificate
from dev.console import accept_agent
from dev.gateway.local import Customer, agents_token, new_customer
from dev.machine import agent, apply_blueprint
from dev.processes import background
from gateway.site import CHECKOUT
from gateway.stores.stores import open_database

_LISTENING = re.compile(r'{"listening":"([^"]+)","edge":"([^"]+)"}')


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a gateway and its edge listen."""

    gateway: str
    edge: str

    @property
    def ports(self) -> tuple[int, int]:
        """Their ports."""
        return urlsplit(self.gateway).port or 0, urlsplit(self.edge).port or 0


@dataclass(frozen=True, slots=True)
class GatewayWithAgent:
    """What outlives the processes: run again, they continue where they were.

    Attributes:
        folder: Where everything is.
        customer: Whose records the gateway stores.
        certificate: The edge's.
        token: The agent's.
    """

    folder: Path
    customer: Customer
    certificate: Certificate
    token: str = field(repr=False)

    @classmethod
    def create(cls, folder: Path, name: str) -> Self:
        """Prepare a gateway for a new customer with a name, and a blueprint for this machine."""
        certificate = make_certificate(folder, dt.datetime.now(dt.UTC))
        with contextlib.closing(open_database(folder / "gateway")) as database:
            customer = new_customer(database, name)
            apply_blueprint(database, customer.number)
            return cls(folder, customer, certificate, agents_token(database, customer))

    @property
    def data(self) -> Path:
        """The gateway's directory, to be read while it does not run."""
        return self.folder / "gateway"

    @property
    def log(self) -> Path:
        """What the gateway printed when it ran last, its request log among it."""
        return self.folder / "gateway.log"

    @contextlib.contextmanager
    def running(self, at: Addresses | None = None) -> Iterator[Addresses]:
        """Run both, at addresses that they had before or at free ones, and yield these.

        Raises RuntimeError, with the reason, if one does not start.
        """
        port, edge_port = (0, 0) if at is None else at.ports
        command = [sys.executable, "-m", "gateway", "serve", "--data", str(self.data), "--port", str(port)]
        command += ["--edge-port", str(edge_port), "--edge-certificate", str(self.certificate.certificate)]
        command += ["--edge-key", str(self.certificate.key)]
        with (
            background(
                "The gateway",
                command,
                output=self.log,
                ready=lambda output: Addresses(*found.groups()) if (found := _LISTENING.search(output)) else None,
                directory=CHECKOUT,
                environment=os.environ,
            ) as (_, addresses),
            agent(addresses.edge, self.certificate, self.token, self.folder / "agent") as identity,
        ):
            if at is None:
                accept_agent(addresses.gateway, self.customer, identity.host, identity.agent_id)
            yield addresses
