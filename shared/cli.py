"""The operator's command line, `sluice`: finds the command and runs it. The commands are in `shared.commands`."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final, Protocol, cast

from shared.commands.output import Exit, say
from shared.errors import SluiceError

_COMMANDS: Final = {
    "parse": "print the flow records of log files",
    "status": "show the lag and backlog of each NIC",
    "replay": "send the logs of past hours again",
    "quarantine": "show what could not be delivered, and send it again",
    "doctor": "check settings, storage, gateway, token and clock",
}
_INTERRUPTED: Final = 130
"""What a shell returns for a program that Ctrl-C ended."""
_EPILOG: Final = """\
`sluice COMMAND --help` describes each, with an example and its exit codes. For all of them, 0 means fine, 1 needs
attention, 2 could not be done.

The settings are those of the function app, from the environment or from its settings file: `--settings FILE`.
"""


class _Command(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, options: argparse.Namespace) -> int: ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; expected errors end in a sentence on stderr."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(words)
    except SluiceError as trouble:
        say(str(trouble))
        return Exit.FAILED
    except KeyboardInterrupt:
        say("Stopped.")
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has seen enough. Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.ATTENTION
    except OSError as error:
        say(f"The output can't be written: {error.strerror or type(error).__name__}.")
        return Exit.FAILED


def _run(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="sluice",
        description="Monitor and repair the delivery of Azure network flow logs to an API gateway.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = words[0] if words else ""
    for name, summary in _COMMANDS.items():
        added = commands.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name == chosen:
            command = _load(name)
            command.add_arguments(added)
            added.set_defaults(run=command.run)
    options = parser.parse_args(words)
    return int(options.run(options))


def _load(name: str) -> _Command:
    # Only the command that is run is imported: the storage library takes a second, which `parse` need not wait for.
    return cast("_Command", importlib.import_module(f"shared.commands.{name}"))
