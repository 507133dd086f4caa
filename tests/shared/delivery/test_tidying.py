"""Once a day the sweep tidies up: on real storage."""

from datetime import timedelta

import pytest

from shared.errors import StorageAway
from shared.flowlog import LogKind
from tests.support.logs import CLOSER, HEAD, HOUR, log_blob, record

NSG = LogKind.NSG
H = timedelta(hours=1)
MACS = ("000D3AF87856", "000D3AF87857", "000D3AF87858")


def test_checkpoints_go_when_they_are_old(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    for _ in range(2):
        world.clock.move(26 * 3600)
        world.sweep()
    assert world.checkpoint(log) is not None
    world.clock.move(timedelta(days=35).total_seconds())
    world.sweep()
    assert world.checkpoint(log) is None
    assert world.sweep() == []
    assert world.stored == [1]


def test_an_open_checkpoint_stays_however_old_it_is_and_goes_once_it_has_closed(world):
    log = world.log()
    log.put(HEAD + record(1) + b"," + record(2)[:-20])
    world.event(log)
    world.clock.move(timedelta(days=40).total_seconds())
    world.sweep()
    assert world.checkpoint(log) is not None
    log.put(HEAD + record(1) + b"," + record(2) + CLOSER)
    for _ in range(2):
        world.clock.move(26 * 3600)
        world.sweep()
    assert world.checkpoint(log) is None
    assert world.stored == [1, 2]


def test_what_tidying_asks_for_does_not_grow_with_what_is_kept(world, monkeypatch):
    for number in range(12):
        log = world.log(log_blob(HOUR + number * H))
        log.minute(number)
        world.event(log)
        world.clock.move(3600)
    world.clock.move(26 * 3600)
    world.sweep()
    world.clock.move(26 * 3600)
    listed = world.checkpoints.listed_before
    found = []
    monkeypatch.setattr(world.checkpoints, "listed_before", lambda *asked: found.extend(listed(*asked)) or found)
    world.sweep()
    assert found == []
    assert world.clock.now() - world.horizon.watermark(NSG)[0].tidied < H


def test_tidying_stops_at_the_deadline_and_continues_at_the_next_sweep(world):
    logs = [world.log(log_blob(HOUR + days * 24 * H)) for days in range(3)]
    for log in logs:
        log.minute(1)
        world.event(log)
        world.clock.move(24 * 3600)
    world.log(log_blob(mac=MACS[1])).minute(2)
    world.sweep()
    world.clock.move(timedelta(days=40).total_seconds())
    delete = world.checkpoints.delete

    def slowly(*which):
        world.clock.move(60)
        delete(*which)

    world.checkpoints.delete = slowly
    world.sweep(seconds=100)
    assert [world.checkpoint(log) is None for log in logs] == [True, False, False]
    world.sweep(seconds=100)
    assert [world.checkpoint(log) for log in logs] == [None, None, None]
    assert world.clock.now() - world.horizon.watermark(NSG)[0].tidied < H


def test_a_missing_table_ends_tidying_and_is_no_proof_that_nothing_is_left(world, monkeypatch):
    log = world.log()
    log.minute(1)
    world.event(log)
    world.sweep()
    tidied = world.horizon.watermark(NSG)[0].tidied
    world.clock.move(26 * 3600)

    def without_its_table(*asked):
        world.table.delete_table()
        return listed(*asked)

    listed = world.checkpoints.listed_before
    monkeypatch.setattr(world.checkpoints, "listed_before", without_its_table)
    with pytest.raises(StorageAway, match="TableNotFound"):
        world.sweep()
    assert world.clock.now() - tidied > 24 * H
