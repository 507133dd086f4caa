"""The commands that back up and restore everything."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.clock import iso
from gateway.operator.client import carry_out
from gateway.operator.gap import hour, whole_hour
from gateway.operator.restore import Restored, restore
from gateway.operator.work import Say
from shared.commands.output import printable

_MB: Final = 1_000_000
_BACKUP: Final = """\
Copies both files, as of one moment, into a new directory with a manifest. If a gateway is serving from DIR, it makes
the copy itself, as its own user, and keeps accepting posts. Copying DIR by other means is safe only while no gateway
runs.

Only the owner of a backup can read it. secrets.key, which decrypts the connection strings, is left out unless you ask
for it: keep it elsewhere.
"""
_RESTORE: Final = """\
Restores a backup into an empty directory. Sessions and auth tokens end. Changes made after the backup are undone: users
and passwords are as they were, and subscription tokens that were revoked since are valid again, so these are listed. It
also prints the `sluice replay` commands that bring back the flow records accepted since.
"""
_EXIT_CODES: Final = "exit codes: 0 done; 1 refused, nothing was changed; 2 wrong usage"


def add_backup_arguments(backup: argparse.ArgumentParser, restored: argparse.ArgumentParser) -> None:
    """Declare the arguments of the two commands, and their help."""
    backup.add_argument("to", type=Path, metavar="TO", help="directory for the backup: empty or not yet existing")
    backup.add_argument(
        "--with-secrets-key",
        action="store_true",
        help="include the key that decrypts the connection strings, if there is one",
    )
    restored.add_argument("backup", type=Path, metavar="FROM", help="directory of the backup")
    for parser, description in ((backup, _BACKUP), (restored, _RESTORE)):
        parser.description, parser.epilog = description, _EXIT_CODES
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run_backup(options: argparse.Namespace, say: Say) -> dict[str, Any]:
    """Back up, print the result, and return it.

    Raises:
        RefusedError: There is nothing to back up, or the backup can't be written.
    """
    arguments = {"to": str(options.to.resolve()), "with_secrets_key": options.with_secrets_key}
    done = carry_out(options.data, "backup", arguments, say)
    key = "with" if done["secrets_key"] else "without"
    say(
        f"Backed up to {done['backup']}, {key} secrets.key, as of {done['moment']}: "
        f"{done['records']:,} records, {done['bytes'] / _MB:,.0f} MB."
    )
    return done


def run_restore(options: argparse.Namespace, now: datetime, say: Say) -> dict[str, Any]:
    """Restore, print the result, and return it.

    Raises:
        RefusedError: The backup can't be restored.
    """
    restored = restore(options.backup, options.data, say)
    # The current hour also contains records that were accepted before the gateway stopped.
    end = whole_hour(now) + timedelta(hours=1)
    for line in _lines(restored, end):
        say(printable(line))
    return {
        "data": str(restored.data),
        "moment": iso(restored.moment),
        "tokens": [asdict(token) | {"expires_at": iso(token.expires_at)} for token in restored.tokens],
        "enter_again": [asdict(each) for each in restored.sealed],
        "replay": [
            {"customer": gap.customer, "account": gap.account, "from": hour(gap.start), "command": gap.command(end)}
            for gap in restored.gaps
        ],
    }


def _lines(restored: Restored, end: datetime) -> Iterator[str]:
    yield f"{restored.data} is restored as of {iso(restored.moment)}. All sessions and auth tokens have ended."
    if restored.tokens:
        yield (
            "These subscription tokens are valid again, as they were then. In the console, revoke those that were "
            "revoked since:"
        )
    for token in restored.tokens:
        purpose = f" ({token.purpose})" if token.purpose else ""
        yield f"  {token.customer}: token {token.number}{purpose}, until {iso(token.expires_at)}"
    if restored.sealed:
        yield (
            "The backup has no secrets.key. Copy it from where you keep it into the directory before you start the "
            "gateway, or enter the connection strings of these deployments again:"
        )
    for sealed in restored.sealed:
        yield f"  {sealed.customer}: {sealed.deployment} ({', '.join(sealed.accounts)})"
    if restored.gaps:
        yield (
            f"Flow records accepted since then are missing. Start the gateway; then, after {hour(end)}:00 UTC, run "
            "these commands with the settings of each account's function app:"
        )
    for gap in restored.gaps:
        yield f"  {gap.customer}: {gap.account}: {gap.command(end)}"
