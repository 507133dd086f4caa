"""Where function apps run: their code, the keys of their hosts, and their answer to Event Grid."""

import io
import re
import zipfile
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus


class Deployment(IntEnum):
    """How a deployment ended, in Kudu's numbers."""

    FAILED = 3
    SUCCEEDED = 4


@dataclass(slots=True)
class AppService:
    """The platform of one tenant.

    Attributes:
        code: The files that each app runs, by its host name.
        keys: The keys `blobs_extension` that hosts were given, by host name.
        accepts: What it answers to a package.
        deploys: How deployments end.
        loads_code: Whether hosts can load what is deployed.
    """

    code: dict[str, dict[str, bytes]]
    keys: dict[str, str]
    accepts: HTTPStatus
    deploys: Deployment
    loads_code: bool

    def __init__(self) -> None:
        self.code = {}
        self.keys = {}
        self.accepts = HTTPStatus.ACCEPTED
        self.deploys = Deployment.SUCCEEDED
        self.loads_code = True

    def deploy(self, host: str, package: bytes) -> None:
        """Run a package's code. Raises zipfile.BadZipFile."""
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        if self.deploys is Deployment.SUCCEEDED:
            self.code[host] = files

    def functions(self, host: str) -> set[str]:
        """Names of the functions that an app's host has loaded."""
        if not self.loads_code or host not in self.code or "host.json" not in self.code[host]:
            return set()
        return set(re.findall(r"^def (\w+)\(", self.code[host]["function_app.py"].decode(), re.MULTILINE))

    def take_key(self, host: str, key: str) -> bool:
        """Whether a host runs functions, and so takes a key."""
        if not self.functions(host):
            return False
        self.keys[host] = key
        return True

    def key(self, host: str) -> str:
        """An app's key `blobs_extension`: the one it was given, or of its own making; none before it has functions."""
        return self.keys.get(host, f"key-of-{host.partition('.')[0]}") if self.functions(host) else ""

    def remove(self, host: str) -> None:
        """Forget an app."""
        self.code.pop(host, None)
        self.keys.pop(host, None)

    def answers(self, host: str, function: str, key: str) -> bool:
        """Whether an app takes an event for one of its functions, as in Event Grid's handshake."""
        return key != "" and key == self.key(host) and function.removeprefix("Host.Functions.") in self.functions(host)
