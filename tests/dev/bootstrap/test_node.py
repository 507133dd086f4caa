from pathlib import Path

import pytest

from dev.bootstrap.node import find_node


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_program_behind_the_name_on_path_is_used(path: Path):
    _program(path / "node", "echo 22.1.0; echo /opt/node/bin/node")
    _program(path / "npm", "echo 11.0.0")
    node = find_node()
    assert node
    assert (node.node, node.npm) == (Path("/opt/node/bin/node"), [str(path / "npm")])


@pytest.mark.parametrize(
    ("node", "npm"),
    [
        pytest.param("echo 18.20.0; echo /usr/bin/node", "echo 9.0.0", id="too old"),
        pytest.param("exit 1", "echo 9.0.0", id="fails"),
        pytest.param("echo 22.1.0; echo /usr/bin/node", "exit 1", id="with an npm that fails"),
        pytest.param("echo 22.1.0; echo /usr/bin/node", None, id="without npm"),
    ],
)
def test_a_node_that_cannot_serve_is_not_used(path: Path, node: str, npm: str | None):
    _program(path / "node", node)
    if npm:
        _program(path / "npm", npm)
    assert find_node() is None
