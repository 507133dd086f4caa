"""The agent runs on Python 3.9 and newer, with psutil and nothing else."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import agent
from agent.flows.record import KEYS
from tests.agent.agent_process import ROOT, run_agent
from tests.long import first_of_each

SOURCES = sorted(Path(agent.__file__).parent.rglob("*.py"))
# What Python 3.9 has, on every system it runs on, as far as the agent needs it.
ALLOWED = {
    "__future__", "agent", "argparse", "collections", "contextlib", "dataclasses", "datetime", "email",
    "enum", "fcntl", "functools", "gzip", "http", "ipaddress", "itertools", "json", "logging", "math",
    "msvcrt", "os", "pathlib", "platform", "psutil", "queue", "random", "re", "shutil", "signal", "socket",
    "ssl", "stat", "subprocess", "sys", "threading", "time", "typing", "urllib", "uuid", "xml", "zlib",
}  # fmt: skip
# Names that the allowed modules have only since later versions.
TOO_NEW = {
    "StrEnum",
    "pairwise",
    "batched",
    "UTC",
    "Self",
    "assert_never",
    "override",
    "TypeAlias",
    "ParamSpec",
    "slots",
}


@pytest.mark.parametrize("source", SOURCES, ids=lambda file: file.name)
def test_every_file_is_python_3_9_and_imports_nothing_else(source):
    tree = ast.parse(source.read_text(), feature_version=(3, 9))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module.partition(".")[0])
            assert not TOO_NEW & {name.name for name in node.names}
        elif isinstance(node, ast.keyword):
            assert node.arg not in {"slots", "kw_only", "strict"}
    assert imported <= ALLOWED
    assert ALLOWED - {"agent", "psutil"} <= sys.stdlib_module_names


@pytest.mark.parametrize("source", SOURCES, ids=lambda file: file.name)
def test_annotations_are_never_evaluated(source):
    tree = ast.parse(source.read_text())
    annotated = any(isinstance(node, ast.AnnAssign | ast.FunctionDef) for node in ast.walk(tree))
    assert not annotated or "from __future__ import annotations" in source.read_text()


def interpreter(version):
    """An interpreter of a version, or None."""
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    found = sorted(path for root in roots for path in root.glob(f"{version}.*/bin/python{version}"))
    return str(found[-1]) if found else shutil.which(f"python{version}")


@pytest.mark.parametrize("version", first_of_each(["3.9", "3.10", "3.11", "3.12"], 4))
def test_it_runs_on_older_versions(version, public_copy):
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    done = run_agent("once", "--print", "--json", "--seconds", "1", python=python, cwd=public_copy)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert all(tuple(json.loads(line)) == KEYS for line in done.stdout.splitlines())


@pytest.mark.parametrize("version", first_of_each(["3.9", "3.12"], 2))
def test_every_module_can_be_imported_by_older_versions(version, public_copy):
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    for command in ("run", "doctor", "install-service"):
        done = run_agent(command, "--help", python=python, cwd=public_copy)
        assert done.returncode == 0, done.stderr
    done = run_agent("doctor", "--edge", "no-such-host.invalid", "--json", python=python, cwd=public_copy)
    assert done.returncode == 2
    assert len(json.loads(done.stdout)) == 5


def test_the_wheel_needs_what_the_project_has_pinned():
    wheel, project = (tomllib.loads((ROOT / name).read_text()) for name in ("agent/pyproject.toml", "pyproject.toml"))
    assert wheel["project"]["dependencies"] == project["dependency-groups"]["agent"]
    assert wheel["build-system"] == project["build-system"]


def test_the_wheel_has_everything_and_nothing_else(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path]
    subprocess.run(build, cwd=ROOT / "agent", check=True, capture_output=True)
    [wheel] = tmp_path.glob("sluice_agent-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert names == {str(source.relative_to(ROOT)) for source in SOURCES}
