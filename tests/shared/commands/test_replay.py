import signal
import sys
from pathlib import Path

import pytest

from shared.delivery.replay import Replay

OTHER = "000D3AF87857"


@pytest.fixture
def replay(operator):
    def run(*words, start=10, end=0):
        hours = [f"{operator.hour(ago):%Y-%m-%dT%H}" for ago in (start, end)]
        return operator.run("replay", "--from", hours[0], "--to", hours[1], *words)

    return run


def test_old_logs_are_delivered_and_a_second_replay_stores_nothing_more(operator, replay):
    for ago in (1, 2, 12):
        operator.log(hours_ago=ago).minute(ago)
    first = replay("--yes", "--json")
    assert first.code == 0
    assert first.json == {
        "blobs": 2,
        "blobs_done": 2,
        "records_stored": 2,
        "records_had": 0,
        "quarantined": 0,
        "failed": [],
        "go_on_from": None,
    }
    second = replay("--yes", "--json")
    assert (second.json["records_stored"], second.json["records_had"]) == (0, 2)
    assert operator.stored == [1, 2]


def test_the_plan_is_shown_before_anything_is_sent(operator, replay, somebody_types):
    operator.log(hours_ago=1).minute(1)
    operator.log(hours_ago=2, mac=OTHER).minute(2)
    somebody_types("n")
    said = replay()
    assert said.code == 2
    assert said.out == ""
    (row,) = [line.split() for line in said.err.splitlines() if line.startswith(" NSG ")]
    assert row[:6] == ["NSG", "NSG", "2", "2", "2", "2"]
    assert "Send this? [y/N]" in said.err
    assert operator.stored == []


def test_a_yes_sends_it(operator, replay, somebody_types):
    operator.log(hours_ago=1).minute(1)
    somebody_types("y")
    assert replay().code == 0
    assert operator.stored == [1]


def test_with_nobody_to_ask_it_refuses(operator, replay, monkeypatch):
    operator.log(hours_ago=1).minute(1)
    with Path("/dev/null").open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        said = replay()
    assert said.code == 2
    assert "There is no terminal to ask for confirmation. Use --yes" in said.err
    assert operator.stored == []


def test_hours_without_logs_are_fine(replay):
    said = replay("--yes")
    assert said.code == 0
    assert "There are no log blobs in these hours." in said.err


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [(1, 1, "--from must be before --to"), (1, 2, "--from must be before --to"), (1, -1, "--to is in the future")],
)
def test_hours_that_make_no_sense_are_refused(replay, start, end, words):
    said = replay("--yes", start=start, end=end)
    assert said.code == 2
    assert words in said.err


def test_an_hour_that_is_not_valid_is_named(operator):
    said = operator.run("replay", "--from", "yesterday", "--to", "2026-11-23T15", "--yes")
    assert (said.code, said.out) == (2, "")
    assert said.err == "--from is not a valid hour in UTC. It should look like 2026-11-23T15.\n"


def test_both_ends_are_needed(operator):
    with pytest.raises(SystemExit) as ended:
        operator.run("replay", "--from", "2026-11-23T15")
    assert ended.value.code == 2


def test_only_the_resource_asked_for_is_sent(operator, replay):
    log = operator.log(hours_ago=1)
    log.minute(1)
    assert "There are no log blobs" in replay("--yes", "--prefix", "resourceId=/OTHER").err
    assert replay("--yes", "--prefix", log.log.resource).code == 0
    assert operator.stored == [1]


def test_again_warns_and_stores_everything_a_second_time(operator, replay):
    log = operator.log(hours_ago=1)
    log.minute(1)
    operator.deliver(log)
    said = replay("--yes", "--again", "index-lost-1")
    assert "stored a second time" in said.err
    assert operator.stored == [1, 1]


@pytest.mark.parametrize("bad", ["with space", "a" * 65, "semi;colon", "\u00e4"])
def test_an_id_of_odd_letters_is_refused(replay, bad):
    said = replay("--yes", "--again", bad)
    assert said.code == 2
    assert "1 to 64 letters" in said.err


def test_new_logs_older_than_what_is_remembered_are_warned_of(operator, replay):
    operator.log(hours_ago=40 * 24).minute(1)
    assert "Warning: 1 new blobs are older" in replay("--yes", start=41 * 24).err
    assert operator.stored == [1]


def test_a_refused_token_ends_it_and_says_how_to_continue(operator, replay):
    operator.log(hours_ago=1).minute(1)
    operator.log(hours_ago=2).minute(2)
    operator.settings["SUBSCRIPTION_TOKEN"] = "another-token-altogether"
    said = replay("--yes")
    assert said.code == 1
    assert "(token_refused)" in said.err
    assert f"To continue: sluice replay --from {operator.hour(2):%Y-%m-%dT%H} --to " in said.err
    assert "another-token" not in said.out + said.err


def test_ctrl_c_ends_it_between_batches_and_says_how_to_continue(operator, replay, monkeypatch):
    for ago in range(1, 9):
        operator.log(hours_ago=ago).minute(ago)
    run = Replay.run

    def interrupted(self, plan, stop, progress):
        for number, report in enumerate(run(self, plan, stop, progress)):
            if number == 0:
                signal.raise_signal(signal.SIGINT)
            yield report

    monkeypatch.setattr(Replay, "run", interrupted)
    said = replay("--yes")
    assert "Stopping as soon as" in said.err
    if said.code:  # with luck everything was on the wire already
        assert "To continue: " in said.err
    monkeypatch.undo()
    assert replay("--yes").code == 0
    assert operator.stored == list(range(1, 9))


def test_a_blob_that_can_not_be_read_is_named_and_the_others_are_sent(operator, replay):
    operator.log(hours_ago=1).minute(1)
    appended = operator.log(hours_ago=2)
    appended.client.create_append_blob()
    appended.client.append_block(b"{}")
    said = replay("--yes")
    assert said.code == 1
    assert "(unsupported)" in said.err
    assert "To go on" not in said.err
    assert operator.stored == [1]
