import contextlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.proxies import proxying
from tests.support.servers import answer, serving

SETUP = Path(__file__).resolve().parents[3] / "terraform" / "modules" / "sluice" / "setup"
TOKEN = 'subscription-token-with-"-and-\\-in-it'
A = "22222222-2222-4222-8222-222222222222"
_AZ = """#!{python} -IS
import json, os, sys
with open({words!r}, "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
{text}
"""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and everything that it wrote."""

    status: int
    said: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with Python and az, which does what a test writes, and no shell and no tool of one on its PATH.

    Attributes:
        folder: its home.
        environment: what commands run with.
        forking: what runs them, one at a time.
    """

    folder: Path
    environment: dict[str, str] = field(repr=False)
    forking: subprocess.Popen = field(repr=False)

    @property
    def az_words(self) -> list[str]:
        """What az was called with, each time."""
        words = self.folder / "az-words"
        return words.read_text().splitlines() if words.exists() else []

    def az(self, text: str) -> None:
        """Make `az` a program of Python; a new one begins in the next call."""
        self.program("az", _AZ.format(python=_PYTHON, words=str(self.folder / "az-words"), text=text))

    def program(self, name: str, text: str) -> None:
        """Put a program on the PATH."""
        program = self.folder / "bin" / name
        program.write_text(text)
        program.chmod(0o755)

    def run(self, command: str, *arguments: str, **environment: str) -> Done:
        """Run a command of the program."""
        with tempfile.NamedTemporaryFile("r", dir=self.folder, prefix="said-") as output:
            asked = {
                "words": [str(SETUP), command, *arguments],
                "folder": str(self.folder),
                "environment": {**self.environment, **environment},
                "output": output.name,
            }
            self.forking.stdin.write(f"{json.dumps(asked)}\n")
            self.forking.stdin.flush()
            status = int(self.forking.stdout.readline())
            return Done(status, output.read())


_PYTHON = str(Path(sys.executable).resolve())


@contextlib.contextmanager
def forking_python():
    """A Python that runs commands, one after another."""
    program = Path(__file__).with_name("forking.py")
    with subprocess.Popen(
        [_PYTHON, program], env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture(scope="session")
def forking():
    """The Python that commands are run by."""
    with forking_python() as process:
        yield process


@pytest.fixture
def machine(tmp_path, apps_certificate, forking):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(_PYTHON)
    machine = Machine(
        tmp_path,
        {
            "HOME": str(tmp_path),
            "PATH": str(programs),
            "REQUESTS_CA_BUNDLE": str(apps_certificate.certificate),
            "SLUICE_PATIENCE": "0",
            "TMPDIR": str(tmp_path),
        },
        forking,
    )
    machine.az("print('access-token')")
    return machine


@pytest.fixture
def gateway(apps_certificate):
    """A gateway whose answers a test decides."""
    with serving(lambda _request: answer(500), apps_certificate) as server:
        yield server


@contextlib.contextmanager
def everywhere(machine, respond, certificate):
    """Answer for every host name but loopback's; gives what was asked."""
    with serving(respond, certificate) as server, proxying(server.url) as proxy:
        machine.environment.update(HTTPS_PROXY=proxy.url, NO_PROXY="127.0.0.1")
        yield server


def written(machine, content):
    """The customer's file."""
    file = machine.folder / "terraform.tfvars.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file
