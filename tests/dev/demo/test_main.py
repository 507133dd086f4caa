import io
from contextlib import closing
from pathlib import Path

import pytest
import requests
from rich.console import Console

from dev.demo import __main__ as demo
from gateway.local import GatewayProcess, new_customer
from gateway.stores.stores import open_database


@pytest.fixture(autouse=True)
def _no_arguments(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", ["demo"])


@pytest.mark.parametrize(("equal", "status"), [(True, 0), (False, 1)])
def test_the_exit_status_tells_whether_what_arrived_is_what_was_written(
    monkeypatch: pytest.MonkeyPatch, *, equal: bool, status: int
):
    monkeypatch.setattr(demo, "_run", lambda *_: equal)
    assert demo.main() == status


def test_the_console_stays_open_at_its_address_until_somebody_has_seen_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    with closing(open_database(tmp_path)) as database:
        customer = new_customer(database, "demo")
    with GatewayProcess(tmp_path) as before:
        url = before.url
    seen = []

    def look_and_leave():
        seen.append(requests.get(f"{url}/sign-in", timeout=20).status_code)
        raise KeyboardInterrupt

    monkeypatch.setattr("signal.pause", look_and_leave)
    output = io.StringIO()
    demo._keep_console_open(Console(file=output), tmp_path, url, customer)
    assert seen == [200]
    assert url in output.getvalue()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=20)


@pytest.mark.parametrize(
    ("trouble", "status", "said"),
    [
        (RuntimeError("Azurite ended at its start"), 2, "Azurite ended at its start"),
        (TimeoutError("the host still works"), 2, "the host still works"),
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


def test_a_directory_without_logs_is_told_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
):
    monkeypatch.setattr("sys.argv", ["demo", "--logs", str(tmp_path)])
    assert demo.main() == 2
    assert "Starting" not in capsys.readouterr().out
