import re

import pytest

from gateway.console.setup.regions import REGIONS, nearest_region, region_id


def test_every_region_has_an_id_that_terraform_takes():
    assert all(re.fullmatch("[a-z]+[0-9]?", region) for region in REGIONS)


def test_a_region_is_known_by_its_name_in_the_portal():
    assert {region_id(name) for name in REGIONS.values()} == set(REGIONS)
    assert region_id(" East  US 2") == "eastus2"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("easstus", "eastus"),
        ("westeurop", "westeurope"),
        ("useast", "eastus"),
        ("europewest", "westeurope"),
        ("germanycentral", "germanywestcentral"),
        ("eastus9", "eastus"),
    ],
)
def test_a_misspelled_region_is_near_the_one_that_is_meant(typed, meant):
    assert nearest_region(typed) == meant


@pytest.mark.parametrize("typed", ["atlantis", "us-east-1", "", "x" * 40])
def test_what_resembles_no_region_is_near_none(typed):
    assert nearest_region(typed) is None
