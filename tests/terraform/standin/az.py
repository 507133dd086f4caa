"""The command `az`, which signs in."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.servers import LocalServer, Request, answer, serving
from tests.terraform.standin.azure import Azure

ACCESS_TOKEN = "access-token-of-whoever-runs-terraform"
_AZ = """#!{python} -IS
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", {port})
connection.request("POST", "/", json.dumps(sys.argv[1:]))
said = json.load(connection.getresponse())
print(said["stdout"])
print(said["stderr"], file=sys.stderr)
sys.exit(said["status"])
"""


@contextlib.contextmanager
def az_on_path(azure: Azure, folder: Path) -> Iterator[LocalServer]:
    """Put a command `az` into a folder, and answer it. Its requests are what it was called with."""

    def respond(request: Request) -> list[bytes]:
        said = _az(json.loads(request.body))
        azure.traffic.passed("az")
        return answer(200, said)

    with serving(respond) as server:
        program = folder / "az"
        program.write_text(_AZ.format(python=sys.executable, port=urlsplit(server.url).port))
        program.chmod(0o755)
        yield server


def _az(arguments: list[str]) -> dict[str, object]:
    match arguments:
        case ["account", "get-access-token", *_]:
            return _says(ACCESS_TOKEN)
        case ["cloud", "show", "--query", "suffixes.storageEndpoint", *_]:
            return _says("core.windows.net")
    return _fails(f"The stand-in for az does not know: {' '.join(arguments)}")


def _says(text: str) -> dict[str, object]:
    return {"status": 0, "stdout": text, "stderr": ""}


def _fails(why: str) -> dict[str, object]:
    return {"status": 1, "stdout": "", "stderr": f"ERROR: {why}"}
