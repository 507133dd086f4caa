import os

import pytest

from agent.errors import TableUnreadable
from agent.sockets import commands


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a shell script in the place of the system's programs."""
    monkeypatch.setattr(commands, "_path", lambda: os.pathsep.join([str(tmp_path), "/usr/bin", "/bin"]))

    def install(script):
        file = tmp_path / "table"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    return install


def test_a_program_speaks_nobodys_language_and_gets_no_environment(program, monkeypatch):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("SECRET", "a secret")
    program("env")
    printed = commands.output_of(["table"])
    assert "LC_ALL=C\n" in printed
    assert "SECRET" not in printed


def test_arguments_pass_no_shell(program):
    program('printf "%s|" "$@"')
    assert commands.output_of(["table", "$(id)", "a b"]) == "$(id)|a b|"


def test_bytes_that_are_not_text_are_read_all_the_same(program):
    program(r"printf 'a\377b'")
    assert commands.output_of(["table"]) == "a�b"


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("exit 3", "table failed with exit status 3."),
        ("exec sleep 60", "table took longer than 0.2 seconds."),
    ],
)
def test_a_program_that_fails_is_named(program, script, sentence):
    program(script)
    with pytest.raises(TableUnreadable, match=sentence):
        commands.output_of(["table"], timeout=0.2)


def test_a_program_that_cannot_be_started_is_named(program, tmp_path):
    program("")
    (tmp_path / "table").write_bytes(b"no program")
    with pytest.raises(TableUnreadable, match="table can't be started: "):
        commands.output_of(["table"])


def test_a_missing_program_is_named():
    with pytest.raises(TableUnreadable, match="no-such-program is not installed"):
        commands.output_of(["no-such-program"])


def test_the_callers_path_is_not_searched(tmp_path, monkeypatch):
    own = tmp_path / "own-program"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commands.find("own-program") is None
