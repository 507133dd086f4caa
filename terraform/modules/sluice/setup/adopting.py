"""Adopting what an interrupted apply made and did not write into the state.

An apply that is interrupted can leave resources that the state does not have: Azure created them, and terraform did
not hear of it. Their names belong to this installation alone, so what a plan would create and what already exists can
only be its own, and is imported.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from azure import access_token, storage_suffix
from management import CLOUDS, Management
from remains import Remains, Wanted
from speaking import Failed, say

USAGE = "python3 modules/sluice/setup adopt SUBSCRIPTION_ID [-var-file=FILE]"
_ROUNDS = 8  # a resource is found once what it is in is known


def main(arguments: list[str]) -> int:
    """Import what exists and is not in the state; return 0 if that worked, 2 for wrong arguments. Raises Failed.

    It is run in the folder where terraform is run, and passes the options on to terraform. It changes only one thing in
    Azure: the token's secret is removed from its vault, since an import would write it into the state.
    """
    if not arguments or arguments[0].startswith("-") or not all(word.startswith("-") for word in arguments[1:]):
        say(f"Usage: {USAGE}")
        return 2
    subscription, *options = arguments
    cloud = CLOUDS.get(storage_suffix(), CLOUDS["core.windows.net"])
    azure = Management(subscription, cloud, access_token(subscription))
    done = _adopt(Remains(azure), [*_variable(subscription), *options])
    if not done:
        sys.stdout.write("Nothing was left behind by an earlier apply.\n")
    return 0


def _adopt(remains: Remains, options: list[str]) -> int:
    """Return the number of resources that were imported or removed."""
    done = 0
    for _ in range(_ROUNDS):
        wanted, installed = _to_be_made(options)
        if not installed:
            _refuse_strangers(remains.groups())
        there = [(one, found) for one in wanted for found in [remains.id_of(one)] if found]
        if not there:
            return done + _remove_secrets(remains, wanted)
        for one, found in there:
            _terraform("import", "-input=false", "-no-color", *options, one.address, found)
            sys.stdout.write(f"adopted  {one.address}\n")
            sys.stdout.flush()
        done += len(there)
    raise Failed(f"There is more to adopt after {_ROUNDS} rounds. Run this again.")


def _remove_secrets(remains: Remains, wanted: list[Wanted]) -> int:
    removed = [one for one in wanted if remains.remove_secret(one)]
    for one in removed:
        sys.stdout.write(f"removed  {one.address}, which apply creates again\n")
    return len(removed)


def _refuse_strangers(groups: list[str]) -> None:
    if groups:
        raise Failed(
            f"This state has no installation, but the subscription has resource groups of one: {', '.join(groups)}. If "
            "they belong to another workspace, select it: terraform workspace list. If their state is lost, "
            "docs/install.md says how to remove them."
        )


def _to_be_made(options: list[str]) -> tuple[list[Wanted], bool]:
    """Return what a plan would create, and whether the state has an installation already, or none is planned."""
    with tempfile.TemporaryDirectory() as kept:  # a saved plan holds secrets; only its owner may enter the folder
        saved = str(Path(kept) / "plan")
        _terraform("plan", "-input=false", "-no-color", f"-out={saved}", *options)
        plan = json.loads(_terraform("show", "-json", saved))
    changes = plan.get("resource_changes", [])
    installations = [one for one in changes if one["address"].endswith("terraform_data.installation")]
    made = [one for one in changes if one["change"]["actions"] == ["create"]]
    installed = not installations or any(one not in made for one in installations)
    return [Wanted(one["address"], one["type"], one["change"]["after"]) for one in made], installed


def _terraform(*words: str) -> str:
    program = shutil.which("terraform")
    if program is None:
        raise Failed("terraform is not on the PATH. Install it, or put it there.")
    done = subprocess.run(  # noqa: S603 -- a list of arguments
        [program, *words], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    said, complained = (stream.decode(errors="replace") for stream in (done.stdout, done.stderr))
    if done.returncode:
        raise Failed(f"terraform {words[0]} failed:\n{(complained or said).strip()}")
    return said


def _variable(subscription: str) -> list[str]:
    """Return the option that names the subscription, if this root module takes it: a customer's own may not."""
    asks = any('variable "subscription_id"' in file.read_text(encoding="utf-8") for file in Path().glob("*.tf"))
    return [f"-var=subscription_id={subscription}"] if asks else []
