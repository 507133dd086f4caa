"""What a sweep can not read: it costs no call, is told in one line, and stays in sight."""

from datetime import timedelta

import pytest
from azure.storage.blob import ContentSettings

from shared.delivery.report import Outcome
from shared.errors import StorageAway
from shared.flowlog import LogKind, parse_blob_name
from shared.storage.checkpoint import State
from tests.support.logs import CLOSER, HEAD, HOUR, log_blob, record

NSG = LogKind.NSG
H = timedelta(hours=1)
MACS = ("000D3AF87856", "000D3AF87857", "000D3AF87858")


def _archive(*logs):
    for log in logs:
        log.put(b"{}")
        log.client.set_standard_blob_tier("Archive")


def test_what_the_listing_says_can_not_be_read_costs_no_call_and_one_line(make_world):
    world = make_world(start_from=HOUR - 4 * H)
    _archive(*(world.log(log_blob(HOUR - 4 * H, f"{number:012X}")) for number in range(9)))
    marked, page = world.log(log_blob(HOUR - 4 * H, MACS[1])), world.log(log_blob(HOUR - 4 * H, MACS[2]))
    marked.client.upload_blob(HEAD, content_settings=ContentSettings(content_encoding="gzip"))
    page.client.create_page_blob(512)
    fresh = world.log()
    fresh.minute(1)
    asked = []
    world.worker = _Asked(world.worker, asked)
    *delivered, line = world.sweep()
    assert asked == [fresh.log]
    assert [report.outcome for report in delivered] == [Outcome.DELIVERED]
    assert (line.blob, line.outcome) == (NSG.container, Outcome.UNSUPPORTED)
    assert "9, such as resourceId=" in line.message
    assert "Rehydrate it" in line.message
    assert "is compressed" in line.message
    assert "is not a block blob" in line.message
    assert world.watermark == HOUR - 4 * H


def test_a_log_that_is_marked_as_compressed_and_is_not_is_delivered_by_an_event_and_closed(world):
    log = world.log()
    log.client.upload_blob(HEAD + record(1) + CLOSER, content_settings=ContentSettings(content_encoding="gzip"))
    assert world.event(log).outcome is Outcome.DELIVERED
    world.clock.move(4 * 3600)
    assert [report.outcome for report in world.sweep()] == [Outcome.NOTHING_NEW, Outcome.NIC_SILENT]
    assert world.checkpoint(log).state is State.CLOSED
    assert world.sweep() == []
    assert world.stored == [1]


def test_what_nobody_reads_is_told_though_something_else_went_wrong(world):
    _archive(world.log())
    other = world.log(_of_resource("ZZZ"))
    other.minute(1)
    entries = world.logs.entries

    def failing(kind, prefix):
        if "/ZZZ/" in prefix:
            raise StorageAway("It is away.")
        return entries(kind, prefix)

    world.logs.entries = failing
    sweep, told = world.sweeping(), []
    with pytest.raises(StorageAway):
        told.extend(report.outcome for report in sweep)
    assert told == [Outcome.UNSUPPORTED]


@pytest.mark.parametrize(
    "name",
    [
        "PT1H.json",
        "copies/{name}",
        "{name}.gz",
        "{resource}/PT1H.json",
        "{resource}/y=2026/PT1H.json",
        "{resource}/y=2026/m=11/d=23/PT1H.json",
        "{resource}/y=2026/m=11/d=23/h=15/PT1H.json.1",
        "{resource}/y=2026/m=11/d=23/h=5/m=00/PT1H.json",
        "{resource}/Y=2026/m=11/d=23/h=15/m=00/macAddress=X/pt1h.json.gz",
        "{resource}/y=26/m=11/d=23/h=15/m=00/PT1H.json",
        "{resource}/y=2026/m=11/d=23/H=15/m=00/macAddress=X/PT1H.json",
        "{resource}/y=2026/M=11/d=23/h=15/m=00/macAddress=X/PT1H.json",
        "{resource}/y=2026/m=11/D=23/h=15/m=00/macAddress=X/PT1H.json",
        "{resource}/y=2026/m=11/d=31/h=15/m=00/macAddress=X/PT1H.json",
    ],
)
def test_a_name_that_nobody_reads_is_in_the_summary(world, name):
    log = world.log()
    log.minute(1)
    odd = name.format(name=log.log.name, resource=log.log.resource)
    world.container(log).upload_blob(odd, b"{}")
    *_, line = world.sweep()
    assert line.outcome is Outcome.UNSUPPORTED
    assert f"1, such as {odd}: Its name resembles a flow log's" in line.message
    assert world.stored == [1]


def test_a_log_under_another_key_is_delivered(world):
    log = world.log(parse_blob_name(NSG.container, log_blob().name.replace("resourceId=", "flowLogResourceID=")))
    log.minute(1)
    assert [report.outcome for report in world.sweep()] == [Outcome.DELIVERED]


def test_an_unsupported_blob_that_was_never_begun_holds_the_watermark_until_its_hour_is_too_old(world):
    world.sweep()
    log = world.log()
    log.client.create_append_blob()
    log.client.append_block(b"{}")
    for _ in range(2):
        world.clock.move(5 * 3600)
        assert [report.outcome for report in world.sweep()] == [Outcome.UNSUPPORTED]
    assert world.watermark == HOUR
    world.clock.move(timedelta(days=35).total_seconds())
    assert world.sweep() == []
    assert world.watermark > HOUR


def test_an_unsupported_blob_that_was_begun_is_kept_in_sight_by_its_checkpoint(world):
    log = world.log()
    log.put(HEAD + record(1) + b',{"time"')
    world.event(log)
    for silent in ([Outcome.NIC_SILENT], []):
        world.clock.move(5 * 3600)
        assert [report.outcome for report in world.sweep()] == [Outcome.UNSUPPORTED, *silent]
        assert world.watermark > HOUR


def _of_resource(name):
    return parse_blob_name(NSG.container, log_blob().name.replace("/NSG/", f"/{name}/"))


class _Asked:
    """A worker that notes what it is asked to look into."""

    def __init__(self, worker, asked) -> None:
        self._worker = worker
        self._asked = asked
        self.breaker = worker.breaker

    def deliver(self, log, deadline, pointer=None):
        self._asked.append(log)
        return self._worker.deliver(log, deadline, pointer)
