from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dev.chaos.draw import START
from dev.chaos.logs import Chunk
from dev.chaos.schedule import Commit, Content, Log, Notify, Remove, Replace, Round, Schedule, Style, Workers
from dev.chaos.verdict import Expectation, LogState, Observation, expectation, judge
from dev.flowlogs.nics import Format, Load, Nic
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, State

EXPECTED = Expectation(
    stored=Counter("ab"), aside=Counter("x"), perhaps_stored=Counter("p"), perhaps_aside=Counter("q")
)
CHECKPOINT = Checkpoint("name", Layout.BLOCKS, CutRule(1, 10), offset=100, etag="1", state=State.CLOSED)
HOUR = datetime(2026, 11, 23, 10, tzinfo=UTC)
LOG = LogState("name", HOUR, "1", 100, CHECKPOINT, datetime(2026, 11, 23, 11, tzinfo=UTC))
SEEN = Observation(stored=Counter("ab"), aside=Counter("x"), logs=(LOG,), sent_twice=0)


def wrong(seen=SEEN, *, calm=False):
    return " / ".join(judge(EXPECTED, seen, calm=calm).sentences())


def test_what_arrived_once_passes():
    assert judge(EXPECTED, SEEN, calm=True).passed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stored": Counter("a")}, "1 lost, such as b"),
        ({"stored": Counter("abb")}, "1 stored too often, such as b"),
        ({"stored": Counter("abc")}, "1 stored too often, such as c"),
        ({"stored": Counter("abx"), "aside": Counter()}, "stored too often"),
        ({"aside": Counter()}, "1 neither stored nor set aside, such as x"),
        ({"aside": Counter("xx")}, "1 set aside too often, such as x"),
        ({"unexpected": ("a bug",)}, "a bug"),
    ],
)
def test_what_did_not_arrive_once_fails(change, words):
    assert words in wrong(replace(SEEN, **change))


def test_what_was_removed_may_have_arrived_but_once_at_most():
    assert not wrong(replace(SEEN, stored=Counter("abp"), aside=Counter("xq")))
    assert "stored too often, such as p" in wrong(replace(SEEN, stored=Counter("abpp")))


def test_sending_twice_is_wrong_in_a_calm_schedule_alone():
    seen = replace(SEEN, sent_twice=3)
    assert not wrong(seen)
    assert "3 lines were sent twice" in wrong(seen, calm=True)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (replace(LOG, checkpoint=None), "has no checkpoint"),
        (replace(LOG, checkpoint=replace(CHECKPOINT, state=State.OPEN)), "is not closed"),
        (replace(LOG, etag="2"), "is not at its last commit"),
        (replace(LOG, records_end=120), "is at 100, not at 120"),
        (replace(LOG, checkpoint=replace(CHECKPOINT, batch=(1,))), "is at 100, not at 100"),
        (replace(LOG, checkpoint=replace(CHECKPOINT, blob="other")), "has the checkpoint of other"),
        (replace(LOG, watermark=HOUR), "the watermark has not passed"),
        (replace(LOG, watermark=None), "the watermark has not passed"),
    ],
)
def test_a_checkpoint_or_a_watermark_that_does_not_fit_its_log_is_wrong(state, words):
    assert words in wrong(replace(SEEN, logs=(state,)))


def test_a_log_that_is_gone_needs_no_checkpoint_and_fits_none():
    assert not wrong(replace(SEEN, logs=(replace(LOG, etag=None, checkpoint=None),)))
    assert not wrong(replace(SEEN, logs=(replace(LOG, etag=None, records_end=0),)))


def content(*names):
    return Content(Style.BLOCKS, tuple((Chunk(b"", (name,), (f"-{name}",)),) for name in names))


def schedule(*rounds):
    logs = (
        Log(Nic(Format.NSG_2, 1, Load.SPARSE), HOUR, (content("a", "b"), content("c", "d"))),
        Log(Nic(Format.NSG_2, 2, Load.SPARSE), HOUR, (content("e"),)),
    )
    return Schedule(0, START, logs, tuple(Round(0.0, (None,), actions) for actions in rounds), Workers((10,), 1))


def test_what_was_committed_is_expected_and_nothing_else():
    expected = expectation(schedule((Commit(0), Notify(1, 0)), (Commit(1),)))
    assert (expected.stored, expected.aside) == (Counter("ae"), Counter(["-a", "-e"]))
    assert not expected.perhaps_stored


def test_what_was_replaced_is_no_longer_sure():
    expected = expectation(schedule((Commit(0), Commit(0), Replace(0, recreated=False)), (Commit(0),)))
    assert (expected.stored, expected.perhaps_stored) == (Counter("cd"), Counter("ab"))
    assert expected.perhaps_aside == Counter(["-a", "-b"])


def test_what_was_removed_is_no_longer_sure():
    expected = expectation(schedule((Commit(0), Commit(1)), (Remove(1),)))
    assert (expected.stored, expected.perhaps_stored) == (Counter("a"), Counter("e"))
