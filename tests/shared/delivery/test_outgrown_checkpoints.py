"""A checkpoint that outgrows a property, and an entity, since the gateway takes a hundred records at a time."""

import pytest

from shared.delivery.report import Outcome
from shared.storage import checkpoints, entry
from tests.support.gateway import takes_at_most
from tests.support.logs import record

_TUPLES = 6_000


@pytest.fixture
def log(world, monkeypatch):
    # As a hundred times as many tuples would make it.
    monkeypatch.setattr(entry, "_PART", 310)
    world.gateway.always = takes_at_most(100)
    return world.log()


def deliver(world, log, blocks: int) -> None:
    """Deliver a log whose blocks are each taken in 64 parts."""
    for number in range(blocks):
        log.commit((b"," if number else b"") + record(*_ports(number)))
        assert world.event(log, world.process(batch=_TUPLES)).outcome is Outcome.DELIVERED


def _ports(number: int) -> range:
    return range(number * _TUPLES, (number + 1) * _TUPLES)


def overflows(world) -> list[str]:
    return [blob.name for blob in world.own.get_container_client(checkpoints.CONTAINER).list_blobs()]


def assert_delivered_once(world, log, blocks: int) -> None:
    assert world.stored == list(range(blocks * _TUPLES))
    assert set(world.gateway.stored.values()) == {1}
    assert len(world.checkpoint(log).halved) == 63 * blocks
    assert world.event(log, world.process()).outcome is Outcome.NOTHING_NEW


def test_it_is_split_over_properties(world, log):
    deliver(world, log, 2)
    assert_delivered_once(world, log, 2)
    assert overflows(world) == []


def test_it_goes_on_in_a_blob_of_a_new_name_at_each_save_and_old_ones_go(world, log, monkeypatch):
    monkeypatch.setattr(checkpoints, "LONGEST", 1_000)
    deliver(world, log, 1)
    first = overflows(world)
    log.commit(b"," + record(*_ports(1)))
    world.event(log, world.process(batch=_TUPLES))
    second = overflows(world)
    assert_delivered_once(world, log, 2)
    assert (len(first), len(second)) == (1, 1)
    assert first != second
