import subprocess
import sys

import pytest

from shared.cli import main

COMMANDS = ["parse", "status", "replay", "quarantine", "doctor"]


def test_the_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(f"\n    {command} " in said for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_exit_codes_and_an_example(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "exit codes:" in said
    assert f"  sluice {command}" in said.partition("example")[2]


def test_a_misspelt_command_exits_2_without_a_traceback(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["prase"])
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_parse_does_not_wait_for_the_storage_library():
    code = "import sys; from shared.cli import main; main(['parse', '/dev/null']); sys.exit('azure' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
