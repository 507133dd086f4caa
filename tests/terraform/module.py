"""A copy of the module that a test applies, as a customer does, with terraform itself."""

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_SECONDS = 120
_SUCCEEDED, _CHANGES = 0, 2
_PACKAGING = """# Takes the place of dev/package.py, which fetches packages from an index.
import pathlib, zipfile
dist = pathlib.Path("dist")
dist.mkdir(exist_ok=True)
with zipfile.ZipFile(dist / "function.zip", "w") as package:
    for name in ("function_app.py", "host.json"):
        package.write(name)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What terraform said, and how it ended."""

    status: int
    output: str

    @property
    def succeeded(self) -> bool:
        """Whether it did what it was asked."""
        return self.status == _SUCCEEDED

    @property
    def error(self) -> str:
        """What it said went wrong."""
        return self.output[max(self.output.find("Error:"), 0) :]

    @property
    def nothing_to_do(self) -> bool:
        """Of a plan: whether it is empty."""
        return self.status == _SUCCEEDED

    @property
    def changes(self) -> bool:
        """Of a plan: whether it has any."""
        return self.status == _CHANGES

    def says(self, sentence: str) -> bool:
        """Whether a sentence stands in what terraform said, whatever lines it was broken into."""
        return " ".join(sentence.split()) in " ".join(self.output.replace("│", " ").split())


@dataclass(frozen=True, slots=True)
class Module:
    """A copy of the module, in a copy of the checkout.

    Attributes:
        root: The copy of the checkout.
        environment: What terraform and the scripts run with.
    """

    root: Path
    environment: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Where terraform runs."""
        return self.root / "terraform"

    def terraform(self, *arguments: str, **environment: str) -> Run:
        """Run terraform, without anybody to answer its questions."""
        return run_terraform(self.folder, {**self.environment, **environment}, *arguments)

    def apply(self, subscription: str, *arguments: str, **environment: str) -> Run:
        """Apply everything."""
        return self.terraform("apply", "-auto-approve", *_common(subscription), *arguments, **environment)

    @property
    def _state_file(self) -> Path:
        return self.folder / "terraform.tfstate"

    def begin_apply(self, subscription: str) -> subprocess.Popen[bytes]:
        """Begin to apply everything, in a session of its own, so that what outlives it can be found."""
        return subprocess.Popen(
            ["terraform", "apply", "-auto-approve", *_common(subscription)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def adopt(self, subscription: str, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Run:
        """Take up what an apply left behind, in this module's root or in another one."""
        done = subprocess.run(
            [sys.executable, "-IS", self.folder / "modules" / "sluice" / "setup", "adopt", subscription],
            cwd=folder or self.folder,
            env=environment or self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_SECONDS,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def has_whole_state(self) -> bool:
        """Whether the file of the state is not being written just now."""
        try:
            json.loads(self._state_file.read_text())
        except ValueError:
            return False
        return True

    def state(self) -> set[str]:
        """Ids of what is in the state."""
        file = self._state_file
        state = json.loads(file.read_text() if file.exists() and file.stat().st_size else '{"resources": []}')
        return {
            instance["attributes"]["id"]
            for resource in state["resources"]
            if resource["mode"] == "managed"
            for instance in resource["instances"]
        }

    def plan(self, subscription: str, *arguments: str) -> Run:
        """Look for what there is to do."""
        return self.terraform("plan", "-detailed-exitcode", *_common(subscription), *arguments)

    def destroy(self, subscription: str, *arguments: str, **environment: str) -> Run:
        """Remove everything."""
        return self.terraform("destroy", "-auto-approve", *_common(subscription), *arguments, **environment)

    def write_variables(self, variables: Mapping[str, Any], name: str = "terraform.tfvars.json") -> None:
        """Write the file that a customer fills in."""
        (self.folder / name).write_text(json.dumps(variables))


def run_terraform(folder: Path, environment: Mapping[str, str], *arguments: str) -> Run:
    """Run terraform in a folder, without anybody to answer its questions."""
    done = subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_TIMEOUT_SECONDS,
        text=True,
        check=False,
    )
    return Run(done.returncode, done.stdout)


def _common(subscription: str) -> list[str]:
    return ["-input=false", "-no-color", f"-var=subscription_id={subscription}"]


def copy_checkout(target: Path) -> None:
    """Copy what a customer's checkout has of the module and the function app, and pack the app without its packages."""
    unwanted = shutil.ignore_patterns(
        ".terraform*", "*.tfstate*", "terraform.tfstate.d", "*.tfvars.json", "__pycache__", "node_modules"
    )
    for folder in ("dev", "shared", "terraform"):
        shutil.copytree(_ROOT / folder, target / folder, ignore=unwanted)
    for name in ("function_app.py", "host.json", "requirements.txt"):
        shutil.copy(_ROOT / name, target / name)
    (target / "dev" / "package.py").write_text(_PACKAGING)
    # Each of an apply's processes would compile it anew.
    compileall.compile_dir(target / "terraform" / "modules" / "sluice" / "setup", quiet=1)


def require_terraform(program: str | None, *, in_ci: bool) -> None:
    """Skip where there is no terraform, but fail where nobody would see that."""
    if program is None and in_ci:
        pytest.fail("terraform is not installed; CI needs it, 1.11 or newer.")
    if program is None:
        pytest.skip("terraform is not installed: https://developer.hashicorp.com/terraform/install")


def programs_alone(folder: Path) -> Path:
    """Make a folder of the programs that are needed beside az: as the PATH it has no shell, and no tool of one."""
    folder.mkdir()
    terraform = shutil.which("terraform")
    assert terraform
    (folder / "terraform").symlink_to(terraform)
    # that of a version manager may take longer to start than all else
    (folder / "python3").symlink_to(Path(sys.executable).resolve())
    return folder


def bare_environment() -> dict[str, str]:
    """What terraform needs of this process's environment: no settings of the person who runs the tests."""
    own = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    # A process of a second needs no garbage collected.
    quick = {"GOGC": "off", "CHECKPOINT_DISABLE": "1"}
    return {**own, **quick, "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}
