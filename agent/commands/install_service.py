"""`sluice-agent install-service`: makes the system start the agent, with the least privileges that it needs."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import agent
from agent.commands.options import FINE, add_edge_options
from agent.delivery.edge import make_context, parse_address
from agent.delivery.token import read_token
from agent.errors import SettingError
from agent.files import write_whole

_NAME: Final = "sluice-agent"
_TASK: Final = "SluiceAgent"
_UNIT: Final = Path("/etc/systemd/system/sluice-agent.service")
_TASK_FILE: Final = Path(r"C:\ProgramData\SluiceAgent\task.xml")
_SYSTEMD_OLDEST: Final = 247
"""The first with LoadCredential."""
_HIDDEN: Final = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108 -- never written
_PLAIN_TO_SYSTEMD: Final = re.compile(r"[A-Za-z0-9/._:\[\]-]+")
_PLAIN_TO_WINDOWS: Final = re.compile(r"[A-Za-z0-9/._:\[\]\\ ()-]+")
_DESCRIPTION: Final = """\
Makes systemd, or the Windows task scheduler, start the agent at boot and again if it fails.

With systemd it runs as a dynamic user that exists only while it runs, can write only to its state directory, and has no
capabilities; it gets the token from systemd, so the file can belong to root. It then sees all connections, but not the
names of other users' processes. --see-processes gives it two capabilities, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: with
them it could read any file and any process's memory, but it uses them only to find which process holds a connection.

On Windows the task runs as LOCAL SERVICE.
"""
_EPILOG: Final = """\
example:
  sudo sluice-agent install-service --edge console.example.com --print
"""

_SYSTEMD: Final = """\
[Unit]
Description=Sluice agent: reports this machine's connections as flow records
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart={command}
Restart=on-failure
RestartSec=10
DynamicUser=yes
StateDirectory=sluice-agent
StateDirectoryMode=0700
UMask=0077
LoadCredential=token:{token_file}
{capabilities}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateDevices=yes
PrivateTmp=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""
_NO_CAPABILITIES: Final = "CapabilityBoundingSet="
_SEE_PROCESSES: Final = """\
CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH
AmbientCapabilities=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH"""

_WINDOWS: Final = """\
<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Reports this machine's connections as flow records</Description></RegistrationInfo>
  <Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>
  <Principals>
    <Principal id="Author"><UserId>S-1-5-19</UserId><RunLevel>LeastPrivilege</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author"><Exec><Command>{program}</Command><Arguments>{arguments}</Arguments></Exec></Actions>
</Task>
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_edge_options(parser)
    parser.add_argument("--see-processes", action="store_true", help="show the names of other users' processes (Linux)")
    parser.add_argument("--print", action="store_true", help="print what would be installed, without installing it")


def run(options: argparse.Namespace) -> int:
    """Install the service, or print it.

    Raises:
        SettingError: An option is wrong, or the system has neither systemd nor a task scheduler.
    """
    parse_address(options.edge)
    make_context(options.ca_file)
    text = _service(options)
    if options.print:
        sys.stdout.write(text)
        return FINE
    read_token(options.token_file)
    _install(text)
    sys.stdout.write(
        f"Installed and started. Check the connection to the edge: sluice-agent doctor --edge {options.edge}\n"
    )
    return FINE


def _service(options: argparse.Namespace) -> str:
    if sys.platform == "win32":
        return windows_task(options)
    if sys.platform == "linux":
        return systemd_unit(options)
    message = "This system's services are not supported: have it start `sluice-agent run` the way it starts others."
    raise SettingError(message)


def systemd_unit(options: argparse.Namespace) -> str:
    """Return the unit.

    Raises:
        SettingError: A path can't be used in a unit, or is where the service can't read.
    """
    _refuse_hidden(Path(sys.executable), Path(agent.__file__), *([options.ca_file] if options.ca_file else []))
    command = [_plain(word, _PLAIN_TO_SYSTEMD) for word in _program(options)]
    return _SYSTEMD.format(
        command=" ".join([*command, "--token-file", "${CREDENTIALS_DIRECTORY}/token"]),
        token_file=_plain(str(options.token_file.absolute()), _PLAIN_TO_SYSTEMD),
        capabilities=_SEE_PROCESSES if options.see_processes else _NO_CAPABILITIES,
    )


def windows_task(options: argparse.Namespace) -> str:
    """Return the task's description.

    Raises:
        SettingError: A path can't be used in a command line.
    """
    command = [*_program(options), "--token-file", str(options.token_file.absolute())]
    words = [_plain(word, _PLAIN_TO_WINDOWS) for word in command]
    return _WINDOWS.format(program=escape(words[0]), arguments=escape(subprocess.list2cmdline(words[1:])))


def _program(options: argparse.Namespace) -> list[str]:
    # -I: neither the directory it is started in nor the environment decides which code runs.
    command = [sys.executable, "-I", "-m", "agent", "run", "--edge", options.edge]
    return [*command, "--ca-file", str(options.ca_file.absolute())] if options.ca_file else command


def _install(text: str) -> None:
    try:
        if sys.platform == "win32":
            write_whole(_TASK_FILE, text.encode())
            _do(["schtasks", "/Create", "/F", "/TN", _TASK, "/XML", str(_TASK_FILE)])
            _do(["schtasks", "/Run", "/TN", _TASK])
            return
        _require_credentials(_do(["systemctl", "--version"]))
        write_whole(_UNIT, text.encode())
        _UNIT.chmod(0o644)
        _do(["systemctl", "daemon-reload"])
        _do(["systemctl", "enable", _NAME])
        _do(["systemctl", "restart", _NAME])
    except OSError as error:
        message = f"The service can't be installed: {error.strerror}. This needs an administrator."
        raise SettingError(message) from error


def _require_credentials(version: str) -> None:
    number = re.match(r"systemd ([0-9]{1,6})", version)
    if number is None or int(number[1]) < _SYSTEMD_OLDEST:
        message = (
            f"This systemd can't pass a token to a service; that needs version {_SYSTEMD_OLDEST} or newer. "
            "Configure it to start `sluice-agent run` as a user with its own token file."
        )
        raise SettingError(message)


def _do(command: Sequence[str]) -> str:
    done = subprocess.run(list(command), capture_output=True, text=True, check=False)  # noqa: S603 -- fixed words
    if done.returncode:
        message = f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip():.300}"
        raise SettingError(message)
    return done.stdout


def _refuse_hidden(*paths: Path) -> None:
    for path in (*(each.absolute() for each in paths), *(each.resolve() for each in paths)):
        for home in _HIDDEN:
            if home in path.parents:
                message = f"A service can't read {home}, where {path} is: install the agent under /opt."
                raise SettingError(message)


def _plain(word: str, usual: re.Pattern[str]) -> str:
    """Return a word, after checking that it has no special meaning where it will be used."""
    if not usual.fullmatch(word):
        message = f"{word!r:.200} has characters that can't be used in a service's command."
        raise SettingError(message)
    return word
