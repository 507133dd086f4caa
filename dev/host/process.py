"""The local Functions host as a separate process, and its caller's side.

The worker library can index one app in the life of a process, so everybody who needs a host starts one this way.
"""

import contextlib
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import requests

from dev.host.functions import Result
from dev.processes import background

_ROOT = Path(__file__).resolve().parent.parent.parent
_LISTENS = re.compile(r"The host listens on (\S+)")
_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Status:
    """What a host has done since its start.

    `pending` events wait or are worked on, `running` functions run, `poisoned` events failed too often; `results`
    counts the invocations that have ended.
    """

    pending: int
    running: int
    poisoned: int
    results: Mapping[tuple[str, Result], int]

    @property
    def is_idle(self) -> bool:
        """Whether all is done that the host was asked to do."""
        return not self.pending and not self.running


@dataclass(frozen=True, slots=True)
class HostProcess:
    """A running host."""

    url: str
    pid: int
    log: Path
    key: str = field(repr=False)

    def webhook(self, function: str) -> str:
        """Return where Event Grid posts the events for a blob function. It carries the key."""
        return f"{self.url}/runtime/webhooks/blobs?functionName=Host.Functions.{function}&code={self.key}"

    def invoke(self, function: str, blob: str | None = None) -> None:
        """Run a timer function, or a blob function on CONTAINER/NAME; does not wait for its end."""
        body = {} if blob is None else {"input": blob}
        answer = requests.post(
            f"{self.url}/admin/functions/{function}", json=body, headers=self._headers, timeout=_TIMEOUT_SECONDS
        )
        if answer.status_code != HTTPStatus.ACCEPTED:
            raise RuntimeError(f"the host did not run {function}: {answer.status_code} {answer.text}")

    def status(self) -> Status:
        answer = requests.get(f"{self.url}/admin/host/status", headers=self._headers, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        content = answer.json()
        results = {(each["function"], Result(each["result"])): each["count"] for each in content.pop("results")}
        return Status(**content, results=results)

    def wait_until_idle(self, seconds: float = 60.0) -> Status:
        """Wait until every event is done with. Raises TimeoutError if that takes longer."""
        deadline = time.monotonic() + seconds
        while not (status := self.status()).is_idle:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the host is still working after {seconds:.0f} s: {status}; its log is {self.log}")
            time.sleep(_POLL_SECONDS)
        return status

    @property
    def _headers(self) -> dict[str, str]:
        return {"x-functions-key": self.key}


@contextlib.contextmanager
def host_process(app: Path, settings: Mapping[str, str], log: Path) -> Iterator[HostProcess]:
    """Run the function app of a directory under these settings, and under this process's environment for the rest.

    Raises RuntimeError, with the reason, if the app can't be run.
    """
    key = secrets.token_urlsafe(32)
    with background(
        "The Functions host",
        [sys.executable, "-m", "dev.host", str(app.resolve())],
        output=log,
        ready=lambda output: found[1] if (found := _LISTENS.search(output)) else None,
        directory=_ROOT,
        environment={**os.environ, **settings, "SLUICE_HOST_KEY": key},
    ) as (process, url):
        yield HostProcess(url=url, pid=process.pid, log=log, key=key)
