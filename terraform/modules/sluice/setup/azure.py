"""az, which signs in, and Azure's own interfaces, which are called with the tokens that az gives.

az is asked for its cloud and for tokens, each for the subscription that is worked on: it may have another one as its
default, in another tenant, and `az rest` goes by the default wherever it calls something else than Azure Resource
Manager. On Windows az is a batch file, which the system hands to a shell; no argument here has a character that a shell
would read.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from speaking import Failed, on_one_line

_SECONDS = 120
_PLAIN = re.compile(r"[A-Za-z0-9:/._-]+")


def access_token(subscription: str, audience: str = "") -> str:
    """Give a token of whoever is signed in, in a subscription's tenant, for Azure Resource Manager or another audience.

    Raises Failed.
    """
    words = ["account", "get-access-token", "--subscription", subscription]
    if audience:
        words += ["--resource", audience]
    return _az([*words, "--query", "accessToken", "--output", "tsv"])


def storage_suffix() -> str:
    """Give the domain of the storage accounts of the cloud that az is set to, which tells it. Raises Failed."""
    return _az(["cloud", "show", "--query", "suffixes.storageEndpoint", "--output", "tsv"])


def _az(words: list[str]) -> str:
    if not all(map(_PLAIN.fullmatch, words)):
        raise Failed("The subscription's id has a character that it can't have.")
    program = shutil.which("az")
    if program is None:
        raise Failed("The Azure command line, az, is missing: https://learn.microsoft.com/cli/azure/install-azure-cli")
    try:
        process = subprocess.Popen(  # noqa: S603 -- a list of plain words
            [program, *words, "--only-show-errors"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise Failed("The Azure command line, az, does not start. Install it anew.") from error
    try:
        said, complained = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failed(f"The Azure command line, az, did not answer within {_SECONDS} seconds. Run this again.") from None
    answer = said.decode(errors="replace").strip()
    if process.returncode or not answer:
        reason = on_one_line(complained.decode(errors="replace")) or "it says nothing."
        raise Failed(f"az is not signed in: {reason} Run az login, and run this again.")
    return answer
