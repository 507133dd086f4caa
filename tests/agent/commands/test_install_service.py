import argparse
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from agent.cli import main
from agent.commands import install_service
from agent.errors import SettingError


def options(**others):
    usual = {"edge": "edge.example.com", "token_file": Path("/etc/sluice-agent/token"), "ca_file": None}
    return argparse.Namespace(**{**usual, "see_processes": False, "print": True, **others})


@pytest.fixture
def installed(monkeypatch):
    """The agent as it is when it was installed under /opt."""
    monkeypatch.setattr(install_service.sys, "executable", "/opt/of-nobody/bin/python3")
    monkeypatch.setattr(install_service.agent, "__file__", "/opt/of-nobody/lib/agent/__init__.py")


def settings(unit):
    return [line for line in unit.splitlines() if "=" in line]


@pytest.mark.usefixtures("installed")
def test_the_service_has_the_least_rights():
    unit = settings(install_service.systemd_unit(options()))
    for line in (
        "DynamicUser=yes",
        "StateDirectory=sluice-agent",
        "LoadCredential=token:/etc/sluice-agent/token",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
    ):
        assert line in unit
    program = "/opt/of-nobody/bin/python3 -I -m agent run"
    assert f"ExecStart={program} --edge edge.example.com --token-file ${{CREDENTIALS_DIRECTORY}}/token" in unit
    assert not any(line.startswith("AmbientCapabilities") for line in unit)


@pytest.mark.usefixtures("installed")
def test_seeing_processes_takes_two_capabilities():
    unit = settings(install_service.systemd_unit(options(see_processes=True)))
    assert "AmbientCapabilities=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH" in unit
    assert "CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH" in unit


@pytest.mark.usefixtures("installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    file = tmp_path / "sluice-agent.service"
    file.write_text(install_service.systemd_unit(options()).replace("/opt/of-nobody/bin/python3", "/bin/sh"))
    done = subprocess.run([program, "verify", file], capture_output=True, text=True, check=False)
    assert str(file) not in done.stderr
    assert "sluice-agent.service" not in done.stderr
    rated = subprocess.run([program, "security", "--offline=true", file], capture_output=True, text=True, check=False)
    assert "OK" in rated.stdout.splitlines()[-1]


def test_where_a_service_cannot_look_nothing_is_installed(monkeypatch):
    monkeypatch.setattr(install_service.sys, "executable", "/home/me/venv/bin/python3")
    with pytest.raises(SettingError, match=r"can't read /home, where /home/me/venv/bin/python3 is"):
        install_service.systemd_unit(options())


def test_a_python_that_only_points_there_is_found_out(monkeypatch, tmp_path):
    (tmp_path / "python3").symlink_to("/root/python/bin/python3")
    monkeypatch.setattr(install_service.sys, "executable", str(tmp_path / "python3"))
    monkeypatch.setattr(install_service, "_HIDDEN", (Path("/root"),))
    with pytest.raises(SettingError, match=r"can't read /root, where /root/python/bin/python3 is"):
        install_service.systemd_unit(options())


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("path", ["/etc/to%ken", "/etc/$HOME", "/etc/a;b", '/etc/"', "/etc/a\nb"])
def test_a_path_that_means_something_to_systemd_is_refused(path):
    with pytest.raises(SettingError, match="has characters that can't be used in a service's command"):
        install_service.systemd_unit(options(token_file=Path(path)))


@pytest.mark.usefixtures("installed")
def test_what_is_printed_is_not_installed(capsys, monkeypatch):
    monkeypatch.setattr(install_service, "_install", lambda _: pytest.fail("it was installed"))
    assert main(["install-service", "--edge", "edge.example.com", "--print"]) == 0
    assert capsys.readouterr().out.startswith("[Unit]\n")


@pytest.mark.usefixtures("installed")
def test_without_a_token_nothing_is_installed(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(install_service, "_install", lambda _: pytest.fail("it was installed"))
    assert main(["install-service", "--edge", "edge.example.com", "--token-file", str(tmp_path / "none")]) == 2
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.usefixtures("installed")
def test_it_is_installed_and_started(capsys, monkeypatch, tmp_path, token_file):
    done = []

    def do(command):
        done.append(command)
        return "systemd 252 (252.39-1~deb12u1)\n+PAM\n"

    unit = tmp_path / "sluice-agent.service"
    monkeypatch.setattr(install_service, "_UNIT", unit)
    monkeypatch.setattr(install_service, "_do", do)
    assert main(["install-service", "--edge", "edge.example.com", "--token-file", str(token_file)]) == 0
    assert f"LoadCredential=token:{token_file}" in unit.read_text()
    assert unit.stat().st_mode & 0o777 == 0o644
    assert [command[1] for command in done] == ["--version", "daemon-reload", "enable", "restart"]
    assert "sluice-agent doctor --edge edge.example.com" in capsys.readouterr().out


@pytest.mark.parametrize("version", ["systemd 245 (245.4)", "systemd 239", "", "other"])
def test_a_systemd_that_hands_no_token_over_is_refused(version):
    with pytest.raises(SettingError, match="that needs version 247 or newer"):
        install_service._require_credentials(version)


def test_what_the_system_refuses_is_said():
    with pytest.raises(SettingError, match=r"`sh -c echo no >&2; exit 1` failed: no"):
        install_service._do(["sh", "-c", "echo no >&2; exit 1"])


def test_the_windows_task_runs_with_the_least_rights(monkeypatch):
    monkeypatch.setattr(install_service.sys, "executable", r"C:\Program Files\Sluice\python.exe")
    task = ET.fromstring(install_service.windows_task(options()))
    space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    assert task.findtext(".//t:UserId", namespaces=space) == "S-1-5-19"
    assert task.findtext(".//t:RunLevel", namespaces=space) == "LeastPrivilege"
    assert task.findtext(".//t:Command", namespaces=space) == r"C:\Program Files\Sluice\python.exe"
    assert task.findtext(".//t:Arguments", namespaces=space).startswith("-I -m agent run --edge edge.example.com ")


def test_other_systems_are_told_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(install_service.sys, "platform", "freebsd14")
    assert main(["install-service", "--edge", "edge.example.com"]) == 2
    assert "start `sluice-agent run` the way it starts others" in capsys.readouterr().err
