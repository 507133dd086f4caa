"""The agent as a process of its own."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command(*arguments, prefix=(), python=sys.executable):
    """The agent's command line."""
    return [*prefix, python, "-m", "agent", *map(str, arguments)]


def run_agent(*arguments, timeout=60, cwd=ROOT, **options):
    """Run a command of the agent to its end."""
    return subprocess.run(
        command(*arguments, **options),
        cwd=cwd,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@contextmanager
def running_agent(edge, state, token_file, ca_file, prefix=(), *, python=sys.executable, cwd=ROOT):
    """Have the agent run."""
    arguments = ("run", "--edge", edge, "--state", state, "--token-file", token_file, "--ca-file", ca_file)
    with subprocess.Popen(
        command(*arguments, prefix=prefix, python=python),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
