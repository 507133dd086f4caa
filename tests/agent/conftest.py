import shutil
import tempfile
from pathlib import Path

import psutil
import pytest

import agent
from agent.delivery.edge import Edge, make_context, parse_address
from agent.delivery.token import read_token
from agent.identity import Identity
from tests.agent.standin import TOKEN, stand_in
from tests.agent.still_clock import StillClock

IDENTITY = Identity("c9cbd9a6-3b0d-4f9c-8f5c-0a3f1f8e2b11", "vm-1", "Linux 6.1 x86_64", ("10.0.0.4", "2001:db8::4"))


@pytest.fixture
def public_copy():
    """A folder that everybody can look into, with the agent and psutil, which runs on any Python."""
    with tempfile.TemporaryDirectory(prefix="agent-") as directory:
        folder = Path(directory)
        folder.chmod(0o755)
        for package in (agent, psutil):
            source = Path(package.__file__).parent
            shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        yield folder


@pytest.fixture
def standing_in(certificate):
    """A stand-in for the edge."""
    with stand_in(certificate) as edge:
        yield edge


@pytest.fixture
def token_file(tmp_path):
    """A file with the token that the stand-in knows."""
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.fixture
def clock():
    """A clock that a test moves."""
    return StillClock()


@pytest.fixture
def edge_at(certificate, token_file, clock):
    """Gives the edge at an address as an agent sees it."""

    def make(address, ca_file=certificate.certificate):
        token = token_file
        return Edge(parse_address(address), make_context(ca_file), lambda: read_token(token), IDENTITY, clock)

    return make


@pytest.fixture
def edge(edge_at, standing_in):
    """The stand-in as an agent sees it."""
    return edge_at(standing_in.address)
