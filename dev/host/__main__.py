"""`python -m dev.host [DIRECTORY]`: run the function app of a directory until SIGTERM or Ctrl-C.

Settings come from the environment. `SLUICE_HOST_KEY` is the key that callers of its endpoints carry; without one the
host makes one up and prints it.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import hashlib
import os
import secrets
import sys
from pathlib import Path

import uvicorn
from azure.core.exceptions import AzureError

from dev.host.errors import HostError
from dev.host.host import Host
from dev.host.host_json import read_host_json
from dev.host.listener import Listener
from dev.host.logs import HostLog
from dev.host.server import create_app
from dev.host.worker import Worker
from gateway.server import listen


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.host", description="Run a function app on this machine.")
    parser.add_argument("directory", nargs="?", type=Path, default=Path(), help="where function_app.py is")
    parser.add_argument("--port", type=int, default=0, help="where to listen; by default a free port")
    parser.add_argument("--schedules", action="store_true", help="run timer functions by their schedules")
    arguments = parser.parse_args()
    try:
        _serve(arguments.directory.resolve(), arguments.port, with_schedules=arguments.schedules)
    except HostError as error:
        print(f"{error}", file=sys.stderr)
        return 1
    except AzureError as error:
        print(f"the host's storage account can't be used: {error.message}", file=sys.stderr)
        return 1
    return 0


def _serve(directory: Path, port: int, *, with_schedules: bool) -> None:
    host_json = read_host_json(directory)
    log = HostLog(host_json)
    log.install()
    host = Host(asyncio.run(Worker.start(directory)), log)
    log.begin_host()
    host_id = hashlib.sha256(str(directory).encode()).hexdigest()[:32]
    listener = Listener(host, host_json, os.environ, host_id)
    key = os.environ.get("SLUICE_HOST_KEY") or secrets.token_urlsafe(32)
    app = create_app(host, listener, key, with_schedules=with_schedules, now=lambda: dt.datetime.now(dt.UTC))
    with listen("127.0.0.1", port) as listening, contextlib.suppress(KeyboardInterrupt):
        print(f"The host listens on http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        if "SLUICE_HOST_KEY" not in os.environ:
            print(f"Its key is {key}", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none")).run(sockets=[listening])


if __name__ == "__main__":
    sys.exit(main())
