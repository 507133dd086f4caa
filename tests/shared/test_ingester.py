"""The ingester's sweep of both kinds of flow log."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import UpdateMode

from shared.delivery.health import Health
from shared.errors import TokenRefused, Unreadable
from shared.flowlog import LogKind, parse_blob_name
from shared.ingester import Ingester
from shared.storage.dead_letters import DeadLetters
from tests.shared.delivery.conftest import World
from tests.support.logs import HOUR, log_blob


@pytest.fixture
def world(new_account):
    return World(new_account(), new_account())


@pytest.fixture
def ingester(world):
    return Ingester(
        world.logs,
        world.checkpoints,
        world.pointers,
        DeadLetters(world.own),
        world.gateway,
        world.horizon,
        world.worker,
        world.clock,
    )


def _vnet_log():
    name = f"flowLogResourceID=/S_RG/NW_LOG/y={HOUR:%Y}/m={HOUR:%m}/d={HOUR:%d}/h={HOUR:%H}/m=00/PT1H.json"
    return parse_blob_name(LogKind.VNET.container, name)


def _damage_watermark(world, kind):
    key = {"PartitionKey": f"watermarks-{world.logs.name}", "RowKey": kind.name.lower()}
    world.table.update_entity(key | {"watermark": "{"}, mode=UpdateMode.REPLACE)


def test_a_damaged_watermark_of_one_kind_does_not_keep_the_other_from_being_swept(world, ingester):
    list(ingester.sweep())
    _damage_watermark(world, LogKind.NSG)
    world.log(_vnet_log()).minute(1)
    swept = ingester.sweep()
    assert next(swept).blob.startswith(LogKind.VNET.container)
    with pytest.raises(Unreadable, match="can't be read"):
        next(swept)


def test_a_bug_is_raised_before_any_other_trouble(world, ingester, monkeypatch):
    list(ingester.sweep())
    _damage_watermark(world, LogKind.NSG)
    world.log(_vnet_log()).minute(1)
    monkeypatch.setattr(world.worker, "deliver", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(ingester.sweep())


def test_a_kind_that_takes_all_its_time_leaves_the_other_its_own(world, ingester):
    for log in (log_blob(), _vnet_log()):
        world.log(log).minute(1)
    world.gateway.always = lambda *_: world.clock.move(400)
    swept = [report.blob.partition("/")[0] for report in ingester.sweep()]
    assert swept == [LogKind.NSG.container, LogKind.VNET.container]


def test_a_sweep_tells_of_dead_letters_and_of_the_tokens_end(world, ingester):
    world.gateway.token_expiry = lambda: world.clock.now() + timedelta(days=9, hours=12)
    box = world.own.create_container("dead-letters")
    world.clock.move((datetime.now(UTC) - world.clock.now()).total_seconds())
    assert ingester.health() == Health(token_days_left=9.5, dead_letters=0)
    box.upload_blob("NSG/1.json", b"[]")
    assert ingester.health().dead_letters == 1
    world.clock.move(2 * 3600)
    assert ingester.health().dead_letters == 0


def test_what_can_not_be_asked_is_left_out_of_the_sweeps_line(world, ingester, caplog):
    caplog.set_level(logging.INFO)

    def refuse():
        raise TokenRefused("401")

    world.gateway.token_expiry = refuse
    ingester.health().log()
    assert caplog.messages[-1] == '{"outcome":"swept","dead_letters":0}'
