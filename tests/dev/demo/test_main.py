import io
import signal
from collections import Counter
from pathlib import Path

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from rich.console import Console

from dev.bootstrap.programs import SetupError
from dev.demo import __main__ as demo
from dev.demo.ledger import Ledger
from dev.gateway.with_agent import GatewayWithAgent
from shared.errors import StorageAway


@pytest.fixture(autouse=True)
def _no_arguments(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", ["demo"])


@pytest.fixture(autouse=True)
def _own_signals():
    """The demo ends in order on signals that end this process otherwise."""
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize(("equal", "status"), [(True, 0), (False, 1)])
def test_the_exit_status_tells_whether_what_arrived_is_what_was_written(
    monkeypatch: pytest.MonkeyPatch, *, equal: bool, status: int
):
    monkeypatch.setattr(demo, "_run", lambda *_: equal)
    assert demo.main() == status


def test_the_console_and_the_agent_stay_at_their_addresses_until_somebody_has_seen_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    gateway = GatewayWithAgent.create(tmp_path, "demo")
    with gateway.running() as addresses:
        pass
    seen = []

    def look_and_leave():
        seen.append(requests.get(f"{addresses.gateway}/sign-in", timeout=20).status_code)
        trusted = str(gateway.certificate.certificate)
        seen.append(requests.get(f"{addresses.edge}/healthz", verify=trusted, timeout=20).status_code)
        seen.append((tmp_path / "agent" / "agent.log").read_text() != "")
        raise KeyboardInterrupt

    monkeypatch.setattr("signal.pause", look_and_leave)
    output = io.StringIO()
    demo._keep_open(Console(file=output), gateway, addresses)
    assert seen == [200, 200, True]
    assert addresses.gateway in output.getvalue()
    with pytest.raises(requests.ConnectionError):
        requests.get(addresses.gateway, timeout=20)


def test_the_demo_goes_on_without_a_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def no_network(_root: Path) -> Path:
        raise SetupError("pip could not download the packages.")

    monkeypatch.setattr(demo, "package", no_network)
    demo._build_package(Console(width=200))
    assert "no scripts to download: pip could not download the packages." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("trouble", "status", "said"),
    [
        (RuntimeError("Azurite ended at its start"), 2, "Azurite ended at its start"),
        (TimeoutError("the host still works"), 2, "the host still works"),
        (requests.ConnectionError("the host is gone"), 2, "the host is gone"),
        (StorageAway("Storage does not answer."), 2, "Storage does not answer."),
        (HttpResponseError("The server is busy."), 2, "can't continue: storage fails: The server"),
        (KeyboardInterrupt(), 130, "Stopped"),
    ],
)
def test_trouble_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    trouble: BaseException,
    status: int,
    said: str,
):
    def run(*_: object) -> bool:
        raise trouble

    monkeypatch.setattr(demo, "_run", run)
    assert demo.main() == status
    assert said in capsys.readouterr().out


class _Rig:
    """Stands in for the parts: each drain brings the next backlog, and some take too long."""

    log_service = own_service = own_table = None

    def __init__(self, backlogs: list[int], late: int) -> None:
        self.backlogs = [0, *backlogs]
        self.late = late

    def drain(self, _seconds: float) -> None:
        del self.backlogs[0]
        self.late -= 1
        if self.late >= 0:
            raise TimeoutError("the host still works")


def _drain(monkeypatch: pytest.MonkeyPatch, backlogs: list[int], late: int = 0) -> int:
    """How many drains there are, of blobs in which 7 bytes must stay."""
    ledger, running, shown = Ledger(), _Rig(backlogs, late), []
    ledger.leave("blob", 7, 7)
    monkeypatch.setattr(demo, "backlog", lambda *_: Counter({"blob": running.backlogs[0]}))
    demo._drain(running, ledger, 3, shown.append)  # type: ignore[arg-type]
    assert set(shown) == {3}
    return len(shown)


@pytest.mark.parametrize(
    ("backlogs", "late", "drains"),
    [
        pytest.param([7], 0, 1, id="at once"),
        pytest.param([900, 400, 7], 0, 3, id="by sweeps"),
        pytest.param([900, 900], 0, 2, id="never"),
        pytest.param([900, 400, 7], 2, 3, id="slowly"),
    ],
)
def test_what_was_written_is_waited_for_as_long_as_it_comes_further(
    monkeypatch: pytest.MonkeyPatch, backlogs: list[int], late: int, drains: int
):
    assert _drain(monkeypatch, backlogs, late) == drains


def test_a_host_that_works_and_comes_no_further_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(TimeoutError, match="still works"):
        _drain(monkeypatch, [900, 900], late=2)


def test_a_directory_without_logs_is_told_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
):
    monkeypatch.setattr("sys.argv", ["demo", "--logs", str(tmp_path)])
    assert demo.main() == 2
    assert "Starting" not in capsys.readouterr().out
