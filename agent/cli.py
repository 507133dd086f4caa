"""`sluice-agent`: shows a machine's flows, or sends them to the edge."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from agent import __version__
from agent.commands import doctor, install_service, once, run
from agent.commands.options import FAILED
from agent.errors import AgentError

_DESCRIPTION: Final = """\
Turns this machine's connection table into flow records: which process talks to whom. Command lines and contents are
never read.
"""
_COMMANDS: Final = {
    "once": (once, "print this machine's flows; no server is needed"),
    "run": (run, "collect flows while a blueprint is applied, and deliver them"),
    "doctor": (doctor, "check the connection to the edge"),
    "install-service": (install_service, "install it as a system service"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except AgentError as error:
        sys.stderr.write(f"sluice-agent: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader has seen enough
        sys.stderr.close()
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sluice-agent", description=_DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (module, summary) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser
