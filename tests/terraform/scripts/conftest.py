import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.servers import answer, serving

SCRIPTS = Path(__file__).resolve().parents[3] / "terraform" / "scripts"
TOKEN = 'subscription-token-with-"-and-\\-in-it'


@dataclass(frozen=True, slots=True)
class Done:
    """How a script ended, and everything that it wrote."""

    status: int
    said: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that scripts run on: curl is the real one and its words are kept, az does what a test writes.

    Attributes:
        folder: its home.
        environment: what scripts run with.
    """

    folder: Path
    environment: dict[str, str] = field(repr=False)

    @property
    def curl_words(self) -> str:
        """Every word that was on a command line of curl."""
        words = self.folder / "curl-words"
        return words.read_text() if words.exists() else ""

    def az(self, text: str) -> None:
        """Make `az` a shell script of this text; its words are in "$*"."""
        program = self.folder / "bin" / "az"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)

    def run(self, script: str, *arguments: str, **environment: str) -> Done:
        """Run a script of the module under sh."""
        done = subprocess.run(
            ["sh", SCRIPTS / script, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout)


@pytest.fixture
def machine(tmp_path, certificate):
    programs = tmp_path / "bin"
    programs.mkdir()
    curl = shutil.which("curl")
    assert curl, "curl is needed by the module's scripts"
    words = shlex.quote(str(tmp_path / "curl-words"))
    (programs / "curl").write_text(f'#!/bin/sh\necho "$*" >> {words}\nexec {curl} "$@"\n')
    (programs / "curl").chmod(0o755)
    # that of a version manager may take longer to start than all else
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    return Machine(
        tmp_path,
        {
            "CURL_CA_BUNDLE": str(certificate.certificate),
            "HOME": str(tmp_path),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "SLUICE_PATIENCE": "0",
        },
    )


@pytest.fixture
def gateway(certificate):
    """A gateway whose answers a test decides."""
    with serving(lambda _request: answer(500), certificate) as server:
        yield server
