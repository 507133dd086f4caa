import pytest

from dev.demo import __main__ as demo


@pytest.fixture(autouse=True)
def _no_arguments(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", ["demo"])


@pytest.mark.parametrize(("equal", "status"), [(True, 0), (False, 1)])
def test_the_exit_status_tells_whether_what_arrived_is_what_was_written(
    monkeypatch: pytest.MonkeyPatch, *, equal: bool, status: int
):
    monkeypatch.setattr(demo, "_run", lambda *_: equal)
    assert demo.main() == status


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
