"""Azure's regions, to choose from and to find misspellings by. New regions open every year, so no name is refused for
not being listed here.

Sources: "Azure regions list" (learn.microsoft.com/azure/reliability/regions-list), and `az account list-locations` in
Azure Government and in Azure operated by 21Vianet, as published in May 2026.
"""

from difflib import get_close_matches
from typing import Final

_DISPLAY_NAMES: Final = (
    "Australia Central",
    "Australia Central 2",
    "Australia East",
    "Australia Southeast",
    "Austria East",
    "Belgium Central",
    "Brazil South",
    "Brazil Southeast",
    "Canada Central",
    "Canada East",
    "Central India",
    "Central US",
    "Chile Central",
    "East Asia",
    "East US",
    "East US 2",
    "France Central",
    "France South",
    "Germany North",
    "Germany West Central",
    "Indonesia Central",
    "Israel Central",
    "Italy North",
    "Japan East",
    "Japan West",
    "Jio India Central",
    "Jio India West",
    "Korea Central",
    "Korea South",
    "Malaysia West",
    "Mexico Central",
    "New Zealand North",
    "North Central US",
    "North Europe",
    "Norway East",
    "Norway West",
    "Poland Central",
    "Qatar Central",
    "South Africa North",
    "South Africa West",
    "South Central US",
    "South India",
    "Southeast Asia",
    "Spain Central",
    "Sweden Central",
    "Sweden South",
    "Switzerland North",
    "Switzerland West",
    "UAE Central",
    "UAE North",
    "UK South",
    "UK West",
    "West Central US",
    "West Europe",
    "West India",
    "West US",
    "West US 2",
    "West US 3",
    # Azure Government
    "US DoD Central",
    "US DoD East",
    "US Gov Arizona",
    "US Gov Texas",
    "US Gov Virginia",
    # Azure operated by 21Vianet
    "China East",
    "China East 2",
    "China East 3",
    "China North",
    "China North 2",
    "China North 3",
)


_SIMILAR: Final = 0.8
"""How much of two names must be the same (`difflib`): less would suggest another continent."""


def region_id(text: str) -> str:
    """Return the id of a region from its id or its name in the portal: `East US` is `eastus`."""
    return "".join(text.lower().split())


REGIONS: Final = {region_id(name): name for name in _DISPLAY_NAMES}
"""The names that the portal shows, by the ids that Terraform takes."""


def nearest_region(region: str) -> str | None:
    """Return the id of the known region that is spelled most like another id; None if none is similar."""
    swapped = [known for known in REGIONS if sorted(known) == sorted(region)]  # such as `useast`
    return next(iter(swapped or get_close_matches(region, REGIONS, 1, _SIMILAR)), None)
