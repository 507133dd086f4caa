"""Machines of a test's own: network namespaces at one switch, each with a name and an address."""

import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_NETWORK = "10.80.0"


def require_namespaces(*, in_ci):
    """Skip where there can be no namespaces, but fail where nobody would see that."""
    problem = _problem()
    if problem and in_ci:
        pytest.fail(f"{problem}; CI needs network namespaces.")
    if problem:
        pytest.skip(problem)


def _problem():
    if shutil.which("ip") is None:
        return "ip is not installed: apt-get install iproute2"
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    probe = f"sluice-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no network namespace can be made here: {made.stderr.strip()}"
    _ip("netns", "delete", probe)
    return None


@dataclass(frozen=True, slots=True)
class Machine:
    """A network namespace.

    Attributes:
        name: What the machine calls itself.
        address: Where the others reach it.
        namespace: What the system calls it.
        hosts: The names that it knows.
    """

    name: str
    address: str
    namespace: str
    hosts: Path

    @property
    def prefix(self):
        """What runs a command on this machine."""
        script = 'hostname "$1" && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"'
        inside = ["unshare", "--uts", "--mount", "sh", "-c", script, "sh", self.name, str(self.hosts)]
        return ["ip", "netns", "exec", self.namespace, *inside]

    @contextmanager
    def entered(self):
        """Let this thread be on the machine, so that what it opens listens there."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            os.setns(there, os.CLONE_NEWNET)
            yield
        finally:
            os.setns(before, os.CLONE_NEWNET)
            os.close(before)
            os.close(there)


@contextmanager
def machines(*names, directory):
    """Make machines at one switch, and remove them at the end."""
    unique = f"sluice-{os.getpid()}"
    hosts = directory / "hosts"
    with ExitStack() as made:
        switch = _namespace(made, f"{unique}-switch")
        _ip("-n", switch, "link", "add", "switch", "type", "bridge")
        _ip("-n", switch, "link", "set", "switch", "up")
        found = []
        for number, name in enumerate(names, start=1):
            machine = Machine(name, f"{_NETWORK}.{number}", _namespace(made, f"{unique}-{name}"), hosts)
            port = f"port{number}"
            _ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", machine.namespace)
            _ip("-n", switch, "link", "set", port, "master", "switch", "up")
            _ip("-n", machine.namespace, "address", "add", f"{machine.address}/24", "dev", "eth0")
            for card in ("lo", "eth0"):
                _ip("-n", machine.namespace, "link", "set", card, "up")
            found.append(machine)
        hosts.write_text("".join(f"{each.address} {each.name}.test\n" for each in found) + "127.0.0.1 localhost\n")
        yield found


def _namespace(made, name):
    _ip("netns", "add", name)
    made.callback(_ip, "netns", "delete", name)
    return name


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)
