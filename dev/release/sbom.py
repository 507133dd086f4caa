"""What an artefact of a release is made of, as a CycloneDX document."""

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from dev.release.requirements import Pin

_OURS = "sluice"
_VENDORED = (
    ("htmx.org", "0BSD", "htmx/htmx.min.js", re.compile(r'version:"([0-9.]+)"')),
    ("uplot", "MIT", "uplot/uPlot.iife.min.js", re.compile(r"uPlot \(v([0-9.]+)\)")),
)
"""What of others lies in the console's files: its package at npm, its licence, its file, and what tells its version."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file that is released."""

    name: str
    version: str
    content: bytes = field(repr=False)

    def component(self) -> Component:
        """Return it as a part of a document."""
        return Component(
            name=self.name,
            version=self.version,
            type=ComponentType.APPLICATION,
            bom_ref=self.name,
            licenses=_licence("Apache-2.0"),
            hashes=[_hash(self.content)],
        )


def sbom(artefact: Artefact, time: dt.datetime, pins: Sequence[Pin], parts: Iterable[Component] = ()) -> str:
    """Describe an artefact, the same each time.

    Args:
        artefact: What is described.
        time: When it was made.
        pins: The packages that run it.
        parts: What else is in it.
    """
    whole = artefact.component()
    packages = {pin.name: _package(pin) for pin in pins}
    others = list(parts)
    digest = hashlib.sha256(artefact.content).hexdigest()
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"sha256:{digest}"),
        metadata=BomMetaData(timestamp=time, component=whole),
        components=[*packages.values(), *others],
    )
    bom.register_dependency(whole, [*(packages[pin.name] for pin in pins if _OURS in pin.brought_by), *others])
    for pin in pins:
        bom.register_dependency(
            packages[pin.name], [packages[each.name] for each in pins if pin.name in each.brought_by]
        )
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def vendored_in(tree: Path) -> list[Component]:
    """Return what of others lies in the console's files."""
    return [_vendored(tree, *each) for each in _VENDORED]


def _package(pin: Pin) -> Component:
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{pin.name}=={pin.version}",
        purl=PackageURL("pypi", name=pin.name.lower().replace("_", "-"), version=pin.version),
        licenses=_licence_of(pin),
    )


def _vendored(tree: Path, name: str, licence: str, file: str, version: re.Pattern[str]) -> Component:
    content = (tree / "gateway" / "console" / "static" / "vendor" / file).read_bytes()
    found = version.search(content.decode())
    assert found is not None, f"{file} does not tell its version"
    return Component(
        name=name,
        version=found[1],
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}@{found[1]}",
        purl=PackageURL("npm", name=name, version=found[1]),
        licenses=_licence(licence),
        hashes=[_hash(content)],
    )


def _licence_of(pin: Pin) -> list[License]:
    """Return what the package itself says, if it is installed here and says it in SPDX's terms."""
    try:
        installed = metadata.distribution(pin.name)
    except metadata.PackageNotFoundError:
        return []
    expression = installed.metadata.get("License-Expression")
    return _licence(expression) if expression and installed.version == pin.version else []


def _licence(expression: str) -> list[License]:
    return [LicenseFactory().make_from_string(expression)]


def _hash(content: bytes) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(content).hexdigest())
