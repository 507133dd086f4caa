"""What status says, from listings alone."""

from datetime import timedelta

import pytest
from azure.storage.blob import StandardBlobTier

from shared.delivery.backlog import Backlog, by_nic, standing
from shared.flowlog import LogKind
from shared.storage.checkpoint import State
from shared.storage.entry import Summary
from shared.storage.log_listings import ListedLog
from tests.support.logs import HEAD, HOUR, MAC, log_blob, record

NSG = LogKind.NSG
MINUTE, H = timedelta(minutes=1), timedelta(hours=1)
OTHER = "000D3AF87857"


def listed(hour=HOUR, *, size=1000, at=30 * MINUTE, etag='"2"', mac=MAC, problem=""):
    return ListedLog(log_blob(hour, mac), size, hour + at, etag, problem)


def kept(hour=HOUR, *, offset, at=30 * MINUTE, etag=""):
    return Summary(log_blob(hour).name, etag, offset, State.OPEN, hour + at, overflow="", etag='W/"1"')


def lag(*standings, now=HOUR + 31 * MINUTE):
    (card,) = by_nic(standings)
    return card.lag(now)


def test_a_blob_whose_last_commit_is_delivered_waits_for_nothing():
    found = standing(listed(), kept(offset=998, etag='"2"'), None)
    assert (found.waiting, found.delivered_until, found.blocked) == (0, HOUR + 30 * MINUTE, "")
    assert lag(found) == timedelta(0)


def test_what_was_committed_after_the_checkpoint_waits_since_the_checkpoint_was_written():
    found = standing(listed(), kept(offset=400, at=20 * MINUTE, etag='"1"'), None)
    assert found.waiting == 600
    assert lag(found) == 11 * MINUTE


def test_a_blob_without_a_checkpoint_waits_since_its_hour_began():
    found = standing(listed(), None, None)
    assert found.waiting == 1000
    assert lag(found) == 31 * MINUTE


def test_a_checkpoint_with_nothing_delivered_is_as_good_as_none():
    assert standing(listed(), kept(offset=0), None).delivered_until == HOUR


def test_what_is_still_being_caught_up_with_waits_since_its_last_commit():
    now = HOUR + 5 * H
    assert lag(standing(listed(at=H), kept(offset=400, at=5 * H), None), now=now) == 4 * H


def test_a_blob_that_shrank_waits_whole():
    assert standing(listed(size=300), kept(offset=400), None).waiting == 300


def test_an_empty_blob_waits_for_nothing():
    assert standing(listed(size=0), None, None).waiting == 0


def test_a_blob_that_stood_still_while_others_were_delivered_is_blocked():
    now = HOUR + 4 * H
    assert "yet" in standing(listed(at=H), None, now).blocked
    assert "since 2026-11-23 16:10" in standing(listed(at=H), kept(offset=9, at=70 * MINUTE), now).blocked


@pytest.mark.parametrize("moved", [None, HOUR - H, HOUR + 2 * H])
def test_in_an_outage_nothing_is_blocked(moved):
    assert standing(listed(at=H), None, moved).blocked == ""


def test_a_blob_that_can_not_be_read_says_why():
    assert standing(listed(problem="It is archived."), None, None).blocked == "It is archived."


def test_a_card_is_as_late_as_its_latest_blob():
    late = standing(listed(HOUR - 3 * H), kept(HOUR - 3 * H, offset=1, at=MINUTE), None)
    fine = standing(listed(), kept(offset=998, etag='"2"'), None)
    (card,) = by_nic([fine, late])
    assert (card.blobs, card.blobs_waiting, card.waiting) == (2, 1, 999)
    assert card.committed == HOUR + 30 * MINUTE
    assert card.delivered_until == HOUR - 3 * H + MINUTE


def test_cards_are_kept_apart():
    cards = by_nic([standing(listed(mac=OTHER), None, None), standing(listed(), None, None)])
    assert [card.mac for card in cards] == [MAC, OTHER]


@pytest.fixture
def look(world):
    backlog = Backlog(world.logs, world.checkpoints, world.pointers, world.watermarks, world.horizon)
    return lambda: {each.log.name: each for each in backlog.look(NSG, world.clock.now()).standings}


def test_before_the_first_sweep_the_current_hour_is_looked_at_and_no_watermark_is_written(world, look):
    for hours in (0, 1):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    assert list(look()) == [log_blob().name]
    assert world.watermarks.load(NSG) is None


def test_every_blob_from_the_watermark_on_is_looked_at(world, look):
    world.sweep()
    done, new = world.log(), world.log(log_blob(HOUR, OTHER))
    done.minute(1)
    world.event(done)
    new.minute(2)
    found = look()
    assert found[done.log.name].waiting == 0
    assert found[new.log.name].waiting == new.client.get_blob_properties().size
    done.minute(3)
    assert 0 < look()[done.log.name].waiting < done.client.get_blob_properties().size


def test_an_older_blob_that_was_begun_and_not_finished_is_looked_at(world, look):
    cut, finished = world.log(), world.log(log_blob(HOUR, OTHER))
    cut.put(HEAD + record(1) + b',{"time"')
    finished.minute(2)
    for log in (cut, finished):
        world.event(log)
    world.clock.move(5 * 3600)
    world.sweep()
    assert world.horizon.watermark(NSG)[0].hour > HOUR
    assert {name: each.waiting for name, each in look().items()} == {cut.log.name: len(b',{"time"')}


def test_a_blob_that_is_archived_or_no_block_blob_is_named(world, look):
    world.sweep()
    archived = world.log()
    archived.minute(1)
    archived.client.set_standard_blob_tier(StandardBlobTier.ARCHIVE)
    appended = log_blob(HOUR, OTHER)
    world.log(appended).client.create_append_blob()
    world.log(appended).client.append_block(b"{}")
    found = look()
    assert "archived" in found[archived.log.name].blocked
    assert "not a block blob" in found[appended.name].blocked
