import datetime as dt
import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from dev.release.requirements import Pin
from dev.release.sbom import Artefact, sbom, vendored_in

ROOT = Path(__file__).parent.parent.parent.parent
ARTEFACT = Artefact("sluice-gateway", "1.2.3", b"content")
TIME = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
PINS = [
    Pin("starlette", version("starlette"), frozenset({"sluice"})),
    Pin("anyio", "0.0.1", frozenset({"starlette"})),
    Pin("not-installed", "1.0", frozenset({"anyio", "sluice"})),
]


def test_it_is_valid_cyclonedx_and_the_same_each_time():
    written = sbom(ARTEFACT, TIME, PINS, vendored_in(ROOT))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written) is None
    assert sbom(ARTEFACT, TIME, PINS, vendored_in(ROOT)) == written


def test_it_tells_what_it_describes_and_when_that_was_made():
    document = json.loads(sbom(ARTEFACT, TIME, PINS))
    described = document["metadata"]["component"]
    assert (described["name"], described["version"]) == ("sluice-gateway", "1.2.3")
    assert described["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(b"content").hexdigest()}]
    assert document["metadata"]["timestamp"] == "2026-11-27T09:00:00+00:00"


def test_another_artefact_has_another_serial_number():
    other = Artefact("sluice-gateway", "1.2.3", b"other content")
    serials = {json.loads(sbom(each, TIME, PINS))["serialNumber"] for each in (ARTEFACT, other)}
    assert len(serials) == 2


def test_every_package_is_in_it_with_what_it_needs():
    document = json.loads(sbom(ARTEFACT, TIME, PINS, vendored_in(ROOT)))
    packages = {each["purl"].partition("@")[0] for each in document["components"]}
    assert packages == {
        "pkg:pypi/starlette",
        "pkg:pypi/anyio",
        "pkg:pypi/not-installed",
        "pkg:npm/htmx.org",
        "pkg:npm/uplot",
    }
    needs = {each["ref"]: sorted(each.get("dependsOn", [])) for each in document["dependencies"]}
    assert needs[f"starlette=={version('starlette')}"] == ["anyio==0.0.1"]
    assert needs["anyio==0.0.1"] == ["not-installed==1.0"]
    assert {"not-installed==1.0", f"starlette=={version('starlette')}"} < set(needs["sluice-gateway"])


def test_a_licence_is_the_one_of_that_very_version():
    licences = {each["name"]: each.get("licenses") for each in json.loads(sbom(ARTEFACT, TIME, PINS))["components"]}
    assert licences == {"starlette": [{"license": {"id": "BSD-3-Clause"}}], "anyio": None, "not-installed": None}
