import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dev.release.requirements import Pin, read_pins

ROOT = Path(__file__).parent.parent.parent.parent
_IN_AZURE = {"python_version": "3.13", "sys_platform": "linux", "platform_system": "Linux", "extra": ""}
LOCKED = """\
anyio==4.16.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via
    #   sluice (pyproject.toml:gateway)
    #   starlette
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:cc
    # via click
"""


def test_each_package_is_read_with_those_that_need_it(tmp_path):
    (tmp_path / "requirements.txt").write_text(LOCKED)
    assert read_pins(tmp_path / "requirements.txt") == [
        Pin("anyio", "4.16.0", frozenset({"sluice", "starlette"})),
        Pin("colorama", "0.4.6", frozenset({"click"})),
    ]


@pytest.mark.parametrize("name", ["requirements.txt", "gateway/requirements.txt", "dev/requirements.txt"])
def test_every_locked_package_is_needed_by_us_or_by_another_of_the_file(name):
    pins = read_pins(ROOT / name)
    known = {pin.name for pin in pins} | {"sluice"}
    assert pins
    assert [pin for pin in pins if not pin.brought_by or not pin.brought_by <= known] == []


def test_the_gateway_is_released_with_the_packages_that_it_is_tested_with():
    pins = {(pin.name, pin.version) for pin in read_pins(ROOT / "gateway" / "requirements.txt")}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["gateway"]
    assert {tuple(each.split("==")) for each in wanted} <= pins
    assert pins <= {(pin.name, pin.version) for pin in read_pins(ROOT / "dev" / "requirements.txt")}


def test_the_function_app_s_package_has_all_that_its_packages_need_on_azure_s_python():
    pins = {pin.name for pin in read_pins(ROOT / "requirements.txt")}
    needed = {
        canonicalize_name(wanted.name)
        for name in pins - {"colorama"}
        for wanted in map(Requirement, distribution(name).requires or ())
        if wanted.marker is None or wanted.marker.evaluate(_IN_AZURE)
    }
    assert needed <= pins
    assert {"azure-data-tables", "yarl", "multidict", "propcache", "isodate"} <= pins
