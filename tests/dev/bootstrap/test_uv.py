from pathlib import Path

import pytest

from dev.bootstrap.programs import SetupError
from dev.bootstrap.uv import find_uv


def _program(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/bin:/usr/bin")
    return tmp_path / "path"


def _pip_installs_uv(folder: Path) -> str:
    """A Python's line of shell that stands for pip: it leaves a uv in the folder."""
    return f"mkdir -p {folder}/bin; printf '#!/bin/sh\\necho uv 0.13.9' > {folder}/bin/uv; chmod +x {folder}/bin/uv"


def test_a_new_enough_uv_on_path_is_used(tmp_path: Path, path: Path):
    uv = _program(path / "uv", "echo 'uv 0.9.1 (abc 2025-01-01)'")
    assert find_uv(tmp_path / "tools", []) == Path(uv)


@pytest.mark.parametrize("script", ["echo uv 0.7.22", "exit 1", "echo garbage"])
def test_an_old_or_broken_uv_on_path_is_not_used(tmp_path: Path, path: Path, script: str):
    _program(path / "uv", script)
    tools = tmp_path / "tools"
    python = _program(tmp_path / "python", f'[ "$2" = venv ] && exit 1; {_pip_installs_uv(tools)}')
    assert find_uv(tools, [python]) == tools / "bin" / "uv"


def test_a_uv_installed_before_is_used_again(tmp_path: Path):
    uv = _program(tmp_path / "tools" / "bin" / "uv", "echo uv 0.13.9")
    assert find_uv(tmp_path / "tools", []) == Path(uv)


def test_a_virtual_environment_is_the_first_choice(tmp_path: Path):
    tools = tmp_path / "tools"
    python = _program(
        tmp_path / "python",
        f'[ "$2" = venv ] || exit 1; mkdir -p {tools}/bin; printf "#!/bin/sh\\ncp {tmp_path}/new-uv {tools}/bin/uv\\n" '
        f"> {tools}/bin/python; chmod +x {tools}/bin/python",
    )
    _program(tmp_path / "new-uv", "echo uv 0.13.9")
    assert find_uv(tools, [python]) == tools / "bin" / "uv"


def test_the_second_python_helps_where_the_first_has_neither_venv_nor_pip(tmp_path: Path):
    tools = tmp_path / "tools"
    poor = _program(tmp_path / "poor", f'[ "$2" = venv ] && mkdir -p {tools}/half; exit 1')
    rich = _program(tmp_path / "rich", f'[ "$2" = venv ] && exit 1; {_pip_installs_uv(tools)}')
    assert find_uv(tools, [poor, rich]) == tools / "bin" / "uv"
    assert not (tools / "half").exists()


def test_without_venv_and_pip_it_says_what_to_install(tmp_path: Path):
    poor = _program(tmp_path / "poor", "exit 1")
    with pytest.raises(SetupError, match="python3-venv"):
        find_uv(tmp_path / "tools", [poor])


def test_a_pip_that_fails_is_told_apart_from_one_that_is_missing(tmp_path: Path):
    offline = _program(tmp_path / "python", '[ "$2" = venv ] && exit 1; [ "$3" = --version ] && exit 0; exit 1')
    with pytest.raises(SetupError, match="reachable"):
        find_uv(tmp_path / "tools", [offline])
