"""The demo as somebody at a terminal sees it, from its start to its end."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.agent.namespaces import require_namespaces
from tests.gateway.console.person import Person, text_of
from tests.gateway.console.sheet import Sheet

pytestmark = pytest.mark.long

_PROGRAM = (
    "import pathlib, sys\n"
    "from dev.demo import __main__ as demo\n"
    "demo._DIRECTORY = pathlib.Path(sys.argv.pop(1))\n"
    "sys.exit(demo.main())"
)
_OPEN = "It stays open"
_SECONDS = 240.0


@contextlib.contextmanager
def _demo(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the demo at a terminal until it stays open; yields what it has printed."""
    here, there = pty.openpty()
    command = [sys.executable, "-c", _PROGRAM, str(folder / "demo"), "--seed", "1"]
    environment = {**os.environ, "COLUMNS": "200", "TERM": "dumb"}
    with subprocess.Popen(command, stdin=there, stdout=there, stderr=there, env=environment) as process:
        os.close(there)
        said, end = b"", time.monotonic() + _SECONDS
        try:
            while _OPEN.encode() not in said:
                assert time.monotonic() < end, said.decode()
                with contextlib.suppress(OSError):
                    said += os.read(here, 65_536)
                assert process.poll() is None, said.decode()
            yield process, said.decode()
        finally:
            process.terminate()
            process.wait(60)
            os.close(here)


def test_the_demo_shows_what_sluice_is_for_stays_open_and_leaves_nothing_behind(tmp_path: Path):
    require_namespaces(in_ci=bool(os.environ.get("CI")))
    with _demo(tmp_path) as (process, said):
        assert "What was written and what arrived are equal" in said
        url, password = re.findall(r"The console: (\S+)/\?range=all +\(sign in as demo, password (\S+)\)", said)[-1]
        person = Person(url)
        person.sign_in("demo", password)
        neighbour = re.search(r"ip:([0-9.]+), a neighbour", said)[1]
        page = person.get("/conversations", params={"range": "all", "q": f"ip:{neighbour}"})
        lines = [row.cells for row in Sheet.of(page).rows("conversations")]
        assert any(int(cells[-3]) and int(cells[-2]) for cells in lines), lines  # logs and agents
        flow_logs = text_of(person.get("/setup/flow-logs"))
        assert "azure-demo" in flow_logs
        assert "Not configured" not in flow_logs
        assert "Download scripts" in text_of(person.get("/setup/flow-logs/azure-demo"))
        assert "silent" not in text_of(person.get("/setup/items"))
        parts = psutil.Process(process.pid).children(recursive=True)
        assert len(parts) > 2  # the gateway, the agent, the neighbour
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert psutil.wait_procs(parts, timeout=10)[1] == []
    assert not any(nic.startswith(f"sluice{process.pid}") for nic in psutil.net_if_addrs())
