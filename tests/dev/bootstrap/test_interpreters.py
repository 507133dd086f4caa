from pathlib import Path

import pytest

from dev.bootstrap.interpreters import find_python


def _program(path: Path, *, says: str = "", fails: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {int(fails)}\n")
    path.chmod(0o755)
    return path


def _python(folder: Path, says: str = "3.13.final") -> Path:
    return _program(folder / "bin" / "python3.13", says=says)


def test_the_python_on_path_is_taken_first(tmp_path: Path):
    _python(tmp_path / ".pyenv" / "versions" / "3.13.1")
    on_path = _python(tmp_path / "usr")
    assert find_python({"PATH": f"/nonexistent:{on_path.parent}"}, tmp_path) == on_path


def test_a_shim_of_an_unselected_version_is_passed_over_for_the_version_itself(tmp_path: Path):
    shim = _program(
        tmp_path / ".pyenv" / "shims" / "python3.13", says="pyenv: python3.13: command not found", fails=True
    )
    real = _python(tmp_path / ".pyenv" / "versions" / "3.13.0")
    assert find_python({"PATH": str(shim.parent)}, tmp_path) == real


def test_pyenv_root_says_where_pyenv_is(tmp_path: Path):
    _python(tmp_path / ".pyenv" / "versions" / "3.13.0")
    elsewhere = _python(tmp_path / "elsewhere" / "versions" / "3.13.0")
    assert find_python({"PYENV_ROOT": str(tmp_path / "elsewhere")}, tmp_path) == elsewhere


def test_the_newest_patch_release_wins_by_number_not_by_letter(tmp_path: Path):
    versions = tmp_path / ".pyenv" / "versions"
    _python(versions / "3.13.9")
    newest = _python(versions / "3.13.12")
    assert find_python({}, tmp_path) == newest


@pytest.mark.parametrize(
    "says",
    [
        pytest.param("3.12.final", id="another version"),
        pytest.param("3.13.candidate", id="a release candidate"),
        pytest.param("", id="a Python without ssl, which fails the probe"),
    ],
)
def test_what_is_not_a_whole_released_python_3_13_is_passed_over(tmp_path: Path, says: str):
    versions = tmp_path / ".pyenv" / "versions"
    _python(versions / "3.13.2", says)
    good = _python(versions / "3.13.1")
    assert find_python({}, tmp_path) == good


def test_a_broken_program_is_passed_over(tmp_path: Path):
    broken = tmp_path / "bin" / "python3.13"
    broken.parent.mkdir()
    broken.write_bytes(b"\x7fELF and no more")
    broken.chmod(0o755)
    good = _python(tmp_path / ".pyenv" / "versions" / "3.13.1")
    assert find_python({"PATH": str(broken.parent)}, tmp_path) == good


def test_a_python_that_uv_installed_is_found_last(tmp_path: Path):
    by_uv = _python(tmp_path / ".local" / "share" / "uv" / "python" / "cpython-3.13.1-linux-x86_64-gnu")
    assert find_python({}, tmp_path) == by_uv
    by_pyenv = _python(tmp_path / ".pyenv" / "versions" / "3.13.0")
    assert find_python({}, tmp_path) == by_pyenv


def test_none_is_found_where_there_is_none(tmp_path: Path):
    _python(tmp_path / ".pyenv" / "versions" / "3.12.1")
    assert find_python({"PATH": f"{tmp_path}:"}, tmp_path) is None
