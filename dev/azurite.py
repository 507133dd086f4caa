"""Azurite, Microsoft's storage emulator, on free ports of loopback for as long as a `with` block lasts.

`python -m dev.azurite [DIRECTORY]` runs one until Ctrl-C and prints its connection string. The accounts and their keys
are made up at every start. Without a directory everything is in memory.
"""

import base64
import contextlib
import os
import re
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dev.certificate import Certificate
from dev.processes import background

_ROOT = Path(__file__).resolve().parent.parent
_NODE = _ROOT / ".tools" / "node"
_AZURITE = _ROOT / "dev" / "emulator" / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (\S+)")
_SERVICES = 3
_KEEP_ALIVE_SECONDS = "600"  # Azurite's five seconds cut a client's pooled connections while it rests


@dataclass(frozen=True, slots=True)
class StorageAccount:
    """One storage account of the emulator; `key` is its shared key in base64."""

    name: str
    key: str = field(repr=False)
    blob_endpoint: str
    queue_endpoint: str
    table_endpoint: str

    @property
    def connection_string(self) -> str:
        """What `FLOW_LOGS` and `AzureWebJobsStorage` take."""
        scheme = self.blob_endpoint.partition(":")[0]
        return (
            f"DefaultEndpointsProtocol={scheme};AccountName={self.name};AccountKey={self.key};"
            f"BlobEndpoint={self.blob_endpoint};QueueEndpoint={self.queue_endpoint};"
            f"TableEndpoint={self.table_endpoint};"
        )


@dataclass(frozen=True, slots=True)
class Azurite:
    """A running emulator and its accounts, each of them empty."""

    accounts: tuple[StorageAccount, ...]

    @property
    def connection_string(self) -> str:
        """The connection string of the first account."""
        return self.accounts[0].connection_string


@contextlib.contextmanager
def azurite(
    directory: Path | None = None, *, accounts: int = 1, certificate: Certificate | None = None
) -> Iterator[Azurite]:
    """Run Azurite, keeping its data in `directory`, or in memory.

    With a certificate it speaks https and takes tokens (`--oauth basic`: audience and issuer are checked, the
    signature is not).

    Raises RuntimeError if Azurite is not installed or does not start.
    """
    for program in (_NODE, _AZURITE):
        if not program.exists():
            raise RuntimeError(f"{program} is missing: run `make setup`, which installs Azurite")
    keys = {f"sluice{number:05d}": base64.b64encode(secrets.token_bytes(32)).decode() for number in range(accounts)}
    with (
        tempfile.TemporaryDirectory(prefix="azurite-") as scratch,
        background(
            "Azurite",
            [str(_NODE), str(_AZURITE), *_arguments(directory, certificate)],
            output=Path(scratch) / "output",
            ready=_endpoints,
            directory=Path(scratch),
            environment={**os.environ, "AZURITE_ACCOUNTS": ";".join(f"{name}:{key}" for name, key in keys.items())},
        ) as (_, endpoints),
    ):
        yield Azurite(
            accounts=tuple(
                StorageAccount(
                    name=name,
                    key=key,
                    blob_endpoint=f"{endpoints['Blob']}/{name}",
                    queue_endpoint=f"{endpoints['Queue']}/{name}",
                    table_endpoint=f"{endpoints['Table']}/{name}",
                )
                for name, key in keys.items()
            )
        )


def _arguments(directory: Path | None, certificate: Certificate | None) -> list[str]:
    arguments = ["--silent", "--disableTelemetry"]
    # The SDK speaks a newer version of the protocol than Azurite knows, and the binding can't be told otherwise.
    arguments += ["--skipApiVersionCheck"]
    for service in ("blob", "queue", "table"):
        arguments += [f"--{service}Port", "0", f"--{service}KeepAliveTimeout", _KEEP_ALIVE_SECONDS]
    arguments += ["--location", str(directory.resolve())] if directory else ["--inMemoryPersistence"]
    if certificate:
        arguments += ["--oauth", "basic", "--cert", str(certificate.certificate), "--key", str(certificate.key)]
    return arguments


def _endpoints(output: str) -> dict[str, str] | None:
    endpoints = dict(_LISTENING.findall(output))
    return endpoints if len(endpoints) == _SERVICES else None


def _main() -> None:
    directory = Path(sys.argv[1]) if sys.argv[1:] else None
    with azurite(directory) as running, contextlib.suppress(KeyboardInterrupt):
        print(running.connection_string, flush=True)
        signal.pause()


if __name__ == "__main__":
    _main()
