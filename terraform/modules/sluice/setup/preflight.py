"""Checks what is missing before `terraform apply`, and changes nothing."""

from __future__ import annotations

import codecs
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from accounts import check_accounts
from azure import access_token
from findings import Findings
from management import CLOUDS, Management
from oldest import OLDEST
from policies import check_policies
from registering import TOKEN_VARIABLE, text_in
from speaking import Failed
from subscription import check_action_group, check_directory, check_flex, check_locks, check_rights

from gateway import Gateway, refusal, token_end

USAGE = "python3 modules/sluice/setup preflight SUBSCRIPTION_ID [VARIABLES_FILE] [--json]"
_GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MARKS = {codecs.BOM_UTF8[:2], codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
_ADDRESS = re.compile(r"(https://[A-Za-z0-9.-]+|http://(localhost|127[.]0[.]0[.]1))(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")
_TERRAFORM = "terraform 1.11 or newer is required: https://developer.hashicorp.com/terraform/install"


def main(arguments: list[str]) -> int:
    """Check everything; return 0 if nothing is missing, 1 if something is, 2 for wrong arguments."""
    words = [word for word in arguments if word != "--json"]
    if not 1 <= len(words) <= 2 or words[0].startswith("-"):  # noqa: PLR2004
        sys.stderr.write(f"Usage: {USAGE}\n")
        return 2
    found = Findings()
    check_programs(found)
    file = Path(words[1] if len(words) > 1 else "terraform.tfvars.json")
    variables = check_variables(found, file)
    check_python(found, (variables or {}).get("python"))
    if variables is not None:
        check_gateway(
            found, variables["apigw_url"], text_in(file, "subscription_token") or os.environ.get(TOKEN_VARIABLE, "")
        )
    check_azure(found, words[0], variables or {})
    sys.stdout.write(found.as_json() if "--json" in arguments else found.table())
    return 0 if found.ready else 1


def check_programs(found: Findings) -> None:
    """Check whether this machine has what an apply runs."""
    version = str(_json(_output(["terraform", "version", "-json"])).get("terraform_version", ""))
    if re.match(r"1\.(1[1-9]|[2-9]\d|\d{3,})\.", version):
        found.ok("terraform", version)
    elif version:
        found.missing("terraform", f"{_TERRAFORM}. This is {version}")
    else:
        found.missing("terraform", _TERRAFORM)
    if Path("function.zip").exists() or _output([sys.executable, "-m", "pip", "--version"]):
        found.ok("package", "the function app's package is here, or can be built with pip")
    else:
        found.missing("package", f"{sys.executable} has no pip, which is required to build the function app's package")
    if shutil.which("az") is None:
        found.missing("az", "the Azure CLI is required: https://learn.microsoft.com/cli/azure/install-azure-cli")


def check_python(found: Findings, given: object) -> None:
    """Check whether the Python that an apply runs is recent enough."""
    program = [str(given)] if given else ["py", "-3"] if os.name == "nt" else ["python3"]
    name = " ".join(program)
    said = _output([*program, "-c", "import sys; print(*sys.version_info[:2])"]).split()
    version = tuple(map(int, said)) if len(said) == len(OLDEST) and all(map(str.isdecimal, said)) else ()
    if version >= OLDEST:
        found.ok("Python", f"{name} is {version[0]}.{version[1]}")
        return
    is_what = f"is {version[0]}.{version[1]}, and 3.9 or newer is required" if version else "does not run"
    found.missing("Python", f'{name} {is_what}. Set "python": "{sys.executable}" in terraform.tfvars.json')


def check_variables(found: Findings, file: Path) -> dict[str, Any] | None:
    """Return the variables of a file; None if those for the other checks are not in it."""
    try:
        if file.read_bytes()[:2] in _MARKS:
            found.missing(file.name, "begins with a byte order mark, or is UTF-16. Save it as UTF-8 without one")
            return None
        read = json.loads(file.read_text(encoding="utf-8"))
        entries = read["region_set"]
        filled_in = bool(entries) and all(isinstance(entry["location"], str) for entry in entries.values())
    except OSError:
        found.missing(file.name, "the file does not exist. docs/install.md shows its format")
        return None
    except ValueError:
        found.missing(
            file.name,
            "the file is not valid JSON. Check commas, quotation marks and brackets; docs/install.md shows its format",
        )
        return None
    except (KeyError, TypeError, AttributeError, RecursionError):
        filled_in = False
    if not filled_in or not isinstance(read.get("apigw_url"), str):
        found.missing(file.name, "apigw_url or region_set is missing or incomplete. docs/install.md shows the format")
        return None
    if not _ADDRESS.fullmatch(read["apigw_url"]):
        found.missing(file.name, "apigw_url must be an https:// address, such as https://gateway.example.com")
        return None
    found.ok(file.name, "apigw_url and region_set are filled in")
    return read if isinstance(read, dict) else None


def check_gateway(found: Findings, url: str, token: str) -> None:
    """Check whether the gateway accepts the token."""
    if not token:
        found.missing("token", "subscription_token is empty. Get one from the gateway's console")
        return
    gateway = Gateway(url, token)
    answer = gateway.ask("GET", "/qas/subscription-token")
    end, foreign = token_end(answer), gateway.foreign(answer)
    if answer.status == 200 and end:  # noqa: PLR2004
        found.ok("gateway", f"{url} answers")
        found.ok("token", f"the gateway accepts it until {end}")
    elif answer.status in {401, 403} and not foreign:
        found.ok("gateway", f"{url} answers")
        found.missing("token", f"the gateway refuses it. {refusal(answer)}")
    else:
        not_one = "what answers there is not an API gateway" if answer.status == 200 else ""  # noqa: PLR2004
        found.missing("gateway", foreign or f"{url}: {not_one or answer.why}")
        found.unsure("token", "it could not be checked")


def check_azure(found: Findings, subscription: str, variables: dict[str, Any]) -> None:
    """Check everything in Azure that an installation needs."""
    cloud = CLOUDS[_suffix(variables)]
    if not _GUID.fullmatch(subscription):
        found.missing(
            "subscription", "its id must be a GUID in lower case. `az account list --output table` shows yours"
        )
        return
    try:
        azure = Management(subscription, cloud, access_token(subscription))
    except Failed as error:
        found.missing("subscription", str(error))
        return
    answer = azure.get(f"/subscriptions/{subscription}", "2022-12-01")
    if not answer or answer.get("state") not in {"Enabled", "PastDue"}:
        state = f"is {answer.get('state')}" if answer else "could not be read with az's sign-in. Run az login"
        found.missing("subscription", f"subscription {subscription} {state}")
        return
    found.ok("subscription", f"az and terraform will work on {answer.get('displayName')} ({subscription})")
    check_rights(found, azure)
    check_directory(found, subscription, cloud)
    entries = variables.get("region_set", {})
    locations = sorted({str(entry["location"]).lower().replace(" ", "") for entry in entries.values()})
    accounts = check_accounts(found, azure, entries)
    check_locks(found, azure, accounts)
    check_flex(found, azure, locations)
    check_action_group(found, azure, variables.get("alert_action_group_id"))
    tags = variables.get("tags")
    check_policies(found, azure, locations, tags if isinstance(tags, dict) else {})


def _suffix(variables: dict[str, Any]) -> str:
    strings = [
        str(entry.get("flow_logs_storage_connection_string")) for entry in variables.get("region_set", {}).values()
    ]
    written = [found[1] for found in (re.search("(?i:EndpointSuffix)=([a-z.]+)", text) for text in strings) if found]
    suffix = str(variables.get("endpoint_suffix") or (written or ["core.windows.net"])[0])
    return suffix if suffix in CLOUDS else "core.windows.net"


def _output(command: list[str]) -> str:
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 -- a list of fixed words
            [program, *command[1:]], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")


def _json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
