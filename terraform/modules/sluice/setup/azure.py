"""az, which signs in, and Azure's own interfaces, which are called with the tokens that az returns.

az is asked for its cloud and for tokens, each for the subscription that is worked on: its default may be another one,
in another tenant, and `az rest` uses the default wherever it calls something other than Azure Resource Manager. On
Windows az is a batch file, which the system passes to a shell; no argument here has a character that is special to a
shell.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from speaking import Failed, on_one_line

_SECONDS = 120
_PLAIN = re.compile(r"[A-Za-z0-9:/._-]+")


def access_token(subscription: str, audience: str = "") -> str:
    """Return a token of the signed-in user, in a subscription's tenant, for Azure Resource Manager or another audience.

    Raises Failed.
    """
    words = ["account", "get-access-token", "--subscription", subscription]
    if audience:
        words += ["--resource", audience]
    return _az([*words, "--query", "accessToken", "--output", "tsv"])


def storage_suffix() -> str:
    """Return the domain of the storage accounts of the cloud that az is set to. Raises Failed."""
    return _az(["cloud", "show", "--query", "suffixes.storageEndpoint", "--output", "tsv"])


def _az(words: list[str]) -> str:
    if not all(map(_PLAIN.fullmatch, words)):
        raise Failed("The subscription's id has an invalid character.")
    program = shutil.which("az")
    if program is None:
        raise Failed("The Azure CLI, az, is missing: https://learn.microsoft.com/cli/azure/install-azure-cli")
    try:
        process = subprocess.Popen(  # noqa: S603 -- a list of plain words
            [program, *words, "--only-show-errors"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise Failed("The Azure CLI, az, does not start. Reinstall it.") from error
    try:
        said, complained = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failed(f"The Azure CLI, az, did not answer within {_SECONDS} seconds. Run this again.") from None
    answer = said.decode(errors="replace").strip()
    if process.returncode or not answer:
        reason = on_one_line(complained.decode(errors="replace")) or "it printed nothing."
        raise Failed(f"az is not signed in: {reason} Run az login, then run this again.")
    return answer
