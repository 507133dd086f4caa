"""Gives a program a part of a core: by a cgroup where this machine lets us, else by `cpulimit`."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CGROUPS: Final = Path("/sys/fs/cgroup")
_PERIOD: Final = 100_000
"""Microseconds in which a group has its quota, the kernel's default."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How a program is limited.

    Attributes:
        method: For people.
        prefix: What its command begins with.
    """

    method: str
    prefix: tuple[str, ...]


@contextlib.contextmanager
def limited(cores: float) -> Iterator[Limit]:
    """Yield a way to start programs that have so many cores together; they must have ended when the block does.

    Raises:
        RuntimeError: This machine has no way to limit a program.
    """
    for method, parent, settings in _ways(int(cores * _PERIOD)):
        with contextlib.ExitStack() as made:
            group = parent / f"sluice-{os.getpid()}"
            try:
                group.mkdir()
                made.callback(group.rmdir)
                for name, value in settings.items():
                    with (group / name).open("r+") as file:  # which is there only if this is a group
                        file.write(value)
            except OSError:
                continue
            yield Limit(method, ("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "limited"))
            return
    program = shutil.which("cpulimit")
    if program is None:
        raise RuntimeError("No cgroup can be made here. Run as root, or install cpulimit.")
    yield Limit("cpulimit", (program, "--quiet", f"--limit={cores * 100:.0f}", "--foreground", "--"))


def _ways(quota: int) -> Iterator[tuple[str, Path, dict[str, str]]]:
    yield "cgroup v2, cpu.max", _CGROUPS, {"cpu.max": f"{quota} {_PERIOD}"}
    first_version = {"cpu.cfs_period_us": str(_PERIOD), "cpu.cfs_quota_us": str(quota)}
    yield "cgroup v1, cpu.cfs_quota_us", _CGROUPS / "cpu", first_version
