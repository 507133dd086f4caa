"""`sluice doctor`: checks settings, accounts, gateway, token and clock, and prints a line for each."""

import argparse
from collections.abc import Iterator
from typing import Final

from shared.commands.diagnosis import Finding, State, diagnose
from shared.commands.opening import add_settings_option, open_for_operator
from shared.commands.output import Exit, print_json, show
from shared.errors import SettingError

_DESCRIPTION: Final = """\
Check what the function app needs: that every setting is present and well-formed, that both storage accounts can be
reached and used, that the gateway answers and accepts the token (and until when), and that the clock is right.

It runs with your own permissions: with a connection string, an Azure CLI sign-in, or a managed identity in Azure.
Permissions that you lack are not necessarily missing for the app. It creates the app's table and containers where they
are missing, as the app would, and writes and removes one small entity and one small blob there; it only asks the
gateway about the token.
"""
_EPILOG: Final = """\
exit codes:
  0  everything is fine
  1  something needs attention soon
  2  something fails, or could not be checked

example:
  sluice doctor --settings local.settings.json
"""
_EXITS: Final = {State.OK: Exit.FINE, State.WARN: Exit.ATTENTION, State.FAIL: Exit.FAILED}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_settings_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def run(options: argparse.Namespace) -> int:
    """Check everything, and print each finding as it comes."""
    findings = []
    for finding in _findings(options):
        findings.append(finding)
        if not options.json:
            show(f"{finding.state.value:<4}  {finding.subject:<11}  {finding.message}")
    if options.json:
        print_json([{"check": each.subject, "state": each.state.value, "message": each.message} for each in findings])
    return max(_EXITS[finding.state] for finding in findings)


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    try:
        services = open_for_operator(options)
    except SettingError as error:
        for problem in error.problems:
            yield Finding("settings", State.FAIL, problem)
        yield Finding("settings", State.FAIL, "Nothing else can be checked until these are corrected.")
        return
    yield Finding("settings", State.OK, "All required settings are present and well-formed.")
    yield from diagnose(services)
