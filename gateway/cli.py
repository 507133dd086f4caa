"""The gateway's command line."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.backups import add_backup_arguments, run_backup, run_restore
from gateway.clock import utc_now
from gateway.customers import add_customer_commands, run_customer_command
from gateway.operator.work import RefusedError
from gateway.records import add_records_commands, run_records_command
from gateway.serving import UsageError, add_serve_arguments, serve
from gateway.stores.errors import StoreError
from gateway.stores.migrations import OtherVersionError
from gateway.stores.upgrade import UpgradeError
from gateway.traffic.store import StoreUnavailableError
from gateway.users import add_user_commands, run_user_command

_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 when done, 1 when refused, 2 for wrong usage.

    A command's result goes to stdout, and everything else that people should read to stderr. `serve` writes JSON lines
    to stdout: first `{"listening": URL}`, with `"edge": URL` and `"metrics": URL` if it listens for agents and for
    Prometheus, then the request log.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if any(_is_not_text(word) for word in words):
        return _refused("An argument is not valid UTF-8. Enter it again.")
    options = _parser().parse_args(words)
    # Nobody else on the machine may access what the gateway stores.
    os.umask(0o077)
    try:
        if options.command == "serve":
            serve(options, write_line, say)
        else:
            _carry_out(options)
    except (UsageError, RefusedError, StoreError, OtherVersionError, UpgradeError) as error:
        return _refused(str(error))
    except (OSError, sqlite3.Error) as error:
        return _refused(f"The directory {options.data} cannot be used: {error}")
    except StoreUnavailableError as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _carry_out(options: argparse.Namespace) -> None:
    match options.command:
        case "backup":
            _tell(options, run_backup(options, say))
        case "restore":
            _tell(options, run_restore(options, utc_now(), say))
        case "customer":
            run_customer_command(options)
        case "records":
            run_records_command(options)
        case _:
            run_user_command(options)


def _is_not_text(word: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in word)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway", description="The reference API gateway of Sluice.")
    commands = parser.add_subparsers(dest="command", required=True)
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument("--data", type=Path, required=True, help="directory in which the gateway keeps everything")

    add_serve_arguments(commands.add_parser("serve", parents=[data], help="answer requests until SIGTERM"))
    add_backup_arguments(
        commands.add_parser("backup", parents=[data], help="back up everything as of one moment"),
        commands.add_parser("restore", parents=[data], help="restore a backup into an empty directory"),
    )
    add_user_commands(commands.add_parser("user", help="users who sign in"), data)
    add_customer_commands(commands.add_parser("customer", help="customers and their data"), data)
    add_records_commands(commands.add_parser("records", help="stored flow records"), data)
    return parser


def write_line(entry: dict[str, Any]) -> None:
    """Write an entry of the request log to stdout."""
    # A gateway whose log nobody reads any more continues to serve.
    with suppress(OSError):
        sys.stdout.buffer.write(orjson.dumps(entry) + b"\n")
        sys.stdout.buffer.flush()


def _tell(options: argparse.Namespace, result: dict[str, Any]) -> None:
    """Print the result as JSON, if requested."""
    if options.json:
        write_line(result)


def say(sentence: str) -> None:
    """Write a sentence for people to stderr."""
    sys.stderr.write(sentence + "\n")


def _refused(sentence: str) -> int:
    say(sentence)
    return 1
