"""The scripts that an administrator downloads and applies: the filled-in Terraform module and the function app's
package.

The same deployment, module and package yield the same bytes: names are sorted, times and modes are fixed.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from gateway.site import CHECKOUT
from gateway.stores.deployments import Deployment

PACKAGE_NAME: Final = "function.zip"
_TERRAFORM: Final = CHECKOUT / "terraform"
_SUFFIXES: Final = {".md", ".py", ".tf"}
_LOCK: Final = ".terraform.lock.hcl"
_LEFT_OUT: Final = {"tests"}
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_FILE: Final = 0o100644


def variables(deployment: Deployment, connection_strings: Mapping[str, str], url: str) -> dict[str, Any]:
    """Return the content of `terraform.tfvars.json`, without the subscription token.

    Args:
        deployment: The configuration.
        connection_strings: Its connection strings, by storage account.
        url: The gateway's address.
    """
    return {
        "subscription_token": "",
        "apigw_url": url,
        "deployment_name": deployment.name,
        "region_set": {
            f"location{number}": {
                "location": account.region,
                "flow_logs_storage_connection_string": connection_strings[account.name],
            }
            for number, account in enumerate(deployment.accounts, 1)
        },
    }


def pack(name: str, filled_in: Mapping[str, Any], instructions: str, package: Path, module: Path = _TERRAFORM) -> bytes:
    """Build the zip file.

    Args:
        name: The folder that contains everything in it.
        filled_in: The content of `terraform.tfvars.json`.
        instructions: The content of `README.md`.
        package: The function app's package.
        module: The Terraform module.

    Raises:
        OSError: The package or the module cannot be read.
    """
    files = {
        path.relative_to(module).as_posix(): path.read_bytes() for path in module.rglob("*") if _is_part(path, module)
    }
    files["terraform.tfvars.json"] = json.dumps(filled_in, indent=2).encode() + b"\n"
    files["README.md"] = instructions.encode()
    files[PACKAGE_NAME] = package.read_bytes()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for inside in sorted(files):
            entry = zipfile.ZipInfo(f"{name}/{inside}", _LONG_AGO)
            entry.create_system = 3  # Unix, which the mode belongs to
            entry.external_attr = _FILE << 16
            # The package is compressed already.
            entry.compress_type = zipfile.ZIP_STORED if inside == PACKAGE_NAME else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[inside])
    return content.getvalue()


def _is_part(path: Path, module: Path) -> bool:
    """Return whether a file is the module's own, not one left by terraform, such as states or variables files."""
    inside = PurePosixPath(path.relative_to(module))
    hidden = any(part.startswith(".") or part in _LEFT_OUT for part in inside.parts)
    wanted = not hidden and inside.suffix in _SUFFIXES
    return (wanted or inside.as_posix() == _LOCK) and path.is_file() and not path.is_symlink()
