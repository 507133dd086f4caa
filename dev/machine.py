"""A developer's machine with a running agent: known to the gateway, and with a blueprint applied."""

import contextlib
import datetime as dt
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from agent.identity import Identity, identify
from dev.certificate import Certificate
from dev.processes import background
from gateway.edge.blueprint_file import SHIPPED, read_blueprint
from gateway.stores.blueprints import Blueprints
from gateway.stores.changes import Changes
from gateway.stores.database import Database
from gateway.stores.items import Items

_ROOT = Path(__file__).resolve().parent.parent
_SHIPPED_INTERVAL, _INTERVAL = "<intervalSeconds>60<", "<intervalSeconds>10<"


def apply_blueprint(database: Database, customer: int) -> None:
    """Add this machine to a customer's, and apply the blueprint that ships to it, at the shortest interval."""
    xml = SHIPPED.read_text().replace(_SHIPPED_INTERVAL, _INTERVAL)
    changes = Changes()
    items, blueprints = Items(database, changes), Blueprints(database, changes)
    item = items.add(customer, socket.gethostname(), [], "")
    now = dt.datetime.now(dt.UTC)
    items.save(customer, item, [blueprints.put(customer, read_blueprint(xml), now)], [], now)


@contextlib.contextmanager
def agent(edge_url: str, certificate: Certificate, token: str, folder: Path) -> Iterator[Identity]:
    """Run the agent against an edge for as long as the block lasts, and yield who it says it is.

    Raises RuntimeError, with the reason, if it does not start.
    """
    state = folder / "state"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    token_file = folder / "token"
    token_file.touch(0o600)
    token_file.write_text(token)
    where = ["--edge", urlsplit(edge_url).netloc, "--ca-file", str(certificate.certificate)]
    kept = ["--token-file", str(token_file), "--state", str(state)]
    with background(
        "The agent",
        [sys.executable, "-m", "agent", "run", *where, *kept],
        output=folder / "agent.log",
        ready=lambda output: output or None,
        directory=_ROOT,
        environment=os.environ,
    ):
        yield identify(state)
