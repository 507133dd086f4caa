from collections.abc import Iterator

import pytest

from dev.chaos.world import World, running_world

_SCHEDULES = 60


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Real Azurite, a real gateway, and time, for some schedules."""
    with running_world(_SCHEDULES) as running:
        yield running
