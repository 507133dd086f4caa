"""Once a day the sweep tidies up: on real storage."""

from datetime import timedelta

from shared.flowlog import LogKind, day_prefix
from tests.support.logs import HOUR, log_blob

NSG = LogKind.NSG
H = timedelta(hours=1)
MACS = ("000D3AF87856", "000D3AF87857", "000D3AF87858")


def test_checkpoints_go_when_they_are_old_or_their_log_is_gone(world):
    kept, gone = world.log(), world.log(log_blob(mac=MACS[1]))
    for log in (kept, gone):
        log.minute(1)
        world.event(log)
    gone.client.delete_blob()
    for _ in range(2):
        world.clock.move(26 * 3600)
        world.sweep()
    assert world.checkpoints.read(kept.log) is not None
    assert world.checkpoints.read(gone.log) is None
    world.clock.move(timedelta(days=35).total_seconds())
    world.sweep()
    assert world.checkpoints.read(kept.log) is None
    assert world.sweep() == []
    assert world.stored == [1, 1]


def test_tidying_stops_at_the_deadline_and_continues_at_the_next_sweep(world):
    logs = [world.log(log_blob(HOUR + days * 24 * H)) for days in range(3)]
    for log in logs:
        log.minute(1)
        world.event(log)
        world.clock.move(24 * 3600)
    world.log(log_blob(mac=MACS[1])).minute(2)
    world.sweep()
    for log in logs:
        log.client.delete_blob()
    world.clock.move(24 * 3600)
    listed = _slow_listings(world)
    world.sweep(seconds=100)
    first = [world.checkpoints.read(log.log) is None for log in logs]
    assert first == [True, True, False]
    listed.clear()
    world.sweep(seconds=100)
    assert [world.checkpoints.read(log.log) for log in logs] == [None, None, None]
    assert day_prefix(logs[0].log.resource, logs[0].log.hour.date()) not in listed
    assert world.clock.now() - world.horizon.watermark(NSG)[0].tidied < H


def _slow_listings(world):
    """Let each listing of a whole day of log blobs take a minute; return the prefixes as they are listed."""
    listed, listing = [], world.logs.entries

    def slowly(kind, prefix):
        if "/d=" in prefix and "/h=" not in prefix:
            listed.append(prefix)
            world.clock.move(60)
        return listing(kind, prefix)

    world.logs.entries = slowly
    return listed
