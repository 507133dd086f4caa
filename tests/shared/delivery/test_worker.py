"""Events on log blobs in real storage: every shape a log blob takes has its outcome."""

import bz2
import gzip
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from azure.data.tables import UpdateMode
from azure.storage.blob import BlobLeaseClient, ContentSettings

from shared.delivery.report import Outcome
from shared.errors import (
    Contradicted,
    Overtaken,
    RetryLater,
    StorageAway,
    TokenRefused,
    TooLarge,
    UnexpectedAnswer,
    Vanished,
)
from shared.storage.checkpoint import State
from tests.support.gateway import answers, fine
from tests.support.logs import CLOSER, HEAD, HOUR, log_blob, ports_of, record


def stopped_at(world, log, port):
    """Deliver a log, a record a batch, up to the one with this port; later ones may be on the wire."""

    def refuse(lines, _key):
        if ports_of(lines) == [port]:
            raise TokenRefused("no")

    world.gateway.always = refuse
    world.event(log, world.process(batch=1))
    world.gateway.always = fine


def test_each_commit_is_delivered_once_and_a_repeated_event_finds_nothing_new(world):
    log = world.log()
    log.minute(1, 2)
    first = world.event(log)
    log.minute(3)
    second = world.event(log)
    again = world.event(log)
    assert (first.outcome, second.outcome, again.outcome) == (
        Outcome.DELIVERED,
        Outcome.DELIVERED,
        Outcome.NOTHING_NEW,
    )
    assert world.stored == [1, 2, 3]
    assert len(world.gateway.posts) == 2


def test_an_event_that_comes_late_brings_everything_since_the_last(world):
    log = world.log()
    for minute in range(5):
        log.minute(minute)
    assert world.event(log).tally.posts == 5
    assert world.stored == [0, 1, 2, 3, 4]


def test_what_is_not_a_flow_log_is_left_alone(world):
    assert world.worker.handle("insights-logs-flowlogflowevent", "readme.txt").outcome is Outcome.NOT_A_FLOW_LOG
    assert world.worker.handle("other", log_blob().name).outcome is Outcome.NOT_A_FLOW_LOG


def test_a_rewritten_log_is_reported_and_read_from_its_start_under_new_keys(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    log.rewrite()
    log.minute(1)
    log.minute(2)
    report = world.event(log)
    assert (report.outcome, report.tally.rewritten) == (Outcome.DELIVERED, 1)
    assert world.stored == [1, 1, 2]
    assert world.event(log).outcome is Outcome.NOTHING_NEW


def test_a_shrunk_log_is_a_rewritten_one(world):
    log = world.log()
    log.minute(1)
    log.minute(2)
    world.event(log)
    log.rewrite()
    log.commit()
    assert world.event(log).tally.rewritten == 1
    log.minute(3)
    world.event(log)
    assert world.stored == [1, 2, 3]


def test_a_log_rewritten_when_its_first_block_was_delivered_in_part_is_read_from_its_start(world):
    log = world.log()
    log.minute(1, 2, 3)
    stopped_at(world, log, port=2)
    log.rewrite()
    log.minute(4, 5, 6)
    assert world.event(log, world.process(batch=1)).tally.rewritten == 1
    assert [port for port in world.stored if port != 3] == [1, 4, 5, 6]


def test_a_log_delivered_in_part_continues_in_the_middle_of_a_block(world):
    log = world.log()
    log.minute(1, 2, 3)
    stopped_at(world, log, port=2)
    log.minute(4)
    assert world.event(log, world.process(batch=1)).tally.rewritten == 0
    assert (world.stored, len(set(world.gateway.posts))) == ([1, 2, 3, 4], 4)


def test_a_log_recreated_as_it_was_sends_nothing_again(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    log.client.delete_blob()
    log._ids.clear()
    log.minute(1)
    assert world.event(log).tally.rewritten == 0
    assert world.stored == [1]


def test_a_log_that_vanished_undelivered_is_reported_once_and_its_checkpoint_closed(world):
    log = world.log()
    log.minute(1)
    world.gateway.faults = [answers(TokenRefused("401"))]
    world.event(log)
    log.client.delete_blob()
    report = world.event(log, world.process())
    assert report.outcome is Outcome.VANISHED
    assert "was not delivered" in report.message
    assert world.checkpoint(log).state is State.CLOSED


def test_a_log_that_vanished_after_its_hour_was_delivered_is_nothing_new(world):
    log = world.log()
    log.minute(1)
    world.horizon.oldest(log.log.kind)
    world.clock.move(3600)
    world.event(log)
    log.client.delete_blob()
    assert world.event(log).outcome is Outcome.NOTHING_NEW


def test_a_log_that_vanished_with_commits_never_looked_at_is_reported(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    log.minute(2)
    log.client.delete_blob()
    report = world.event(log)
    assert report.outcome is Outcome.VANISHED
    assert f"after byte {world.checkpoint(log).offset} " in report.message


def test_what_was_saved_before_a_log_vanished_is_not_rolled_back(world):
    log = world.log()
    log.minute(*range(4))
    saved = []

    def refuse_the_first_whole(lines, _key):
        # By what is in it: which of the posts in flight comes first is chance.
        if ports_of(lines) == [0, 1, 2, 3]:
            raise TooLarge("413")

    world.gateway.always = refuse_the_first_whole
    read, times = world.logs.read, iter(range(100))

    def vanish_late(*args):
        if next(times) == 4:
            log.client.delete_blob()
        return read(*args)

    world.logs.read = vanish_late
    log.commit(b"," + record(10), b"," + record(*range(100, 20_000)))
    saved.append(world.event(log).outcome)
    assert saved == [Outcome.VANISHED]
    assert world.checkpoint(log).halved
    assert world.checkpoint(log).offset > len(HEAD)


def test_a_conflict_stops_its_own_log_alone(world):
    stuck, other = world.log(), world.log(log_blob(mac="000D3AF87857"))
    stuck.minute(1)
    other.minute(2)
    world.gateway.faults = [answers(Contradicted("409"))]
    assert world.event(stuck).outcome is Outcome.UNEXPECTED_ANSWER
    assert world.event(other).outcome is Outcome.DELIVERED


def test_an_event_for_a_log_that_never_was_is_reported_as_vanished(world):
    world.log()
    assert world.worker.handle(log_blob().kind.container, log_blob().name).outcome is Outcome.VANISHED


def test_a_log_that_somebody_leased_is_read_all_the_same(world):
    log = world.log()
    log.minute(1)
    BlobLeaseClient(log.client).acquire(60)
    assert world.event(log).outcome is Outcome.DELIVERED


def test_a_blob_without_blocks_is_delivered_and_followed_as_it_grows(world):
    log = world.log()
    log.put(HEAD + record(1) + CLOSER)
    assert world.event(log).outcome is Outcome.DELIVERED
    log.put(HEAD + record(1) + b"," + record(2, 3) + CLOSER)
    assert world.event(log).outcome is Outcome.DELIVERED
    assert world.event(log).outcome is Outcome.NOTHING_NEW
    assert world.stored == [1, 2, 3]


def test_a_blob_that_begins_without_blocks_and_gets_them_later_sends_nothing_twice(world):
    log = world.log()
    log.put(HEAD + record(1) + CLOSER)
    world.event(log)
    log.minute(1)
    log.minute(2)
    world.event(log)
    assert world.stored == [1, 2]


def test_a_blob_without_blocks_that_holds_other_bytes_was_rewritten(world):
    log = world.log()
    log.put(HEAD + record(1) + CLOSER)
    world.event(log)
    log.put(HEAD + record(8, 9) + CLOSER)
    assert world.event(log).tally.rewritten == 1
    assert world.stored == [1, 8, 9]


def test_a_blob_that_ends_within_a_record_is_reported_and_continues_when_the_rest_comes(world):
    log = world.log()
    whole = HEAD + record(1) + b"," + record(2)
    log.put(whole[:-20])
    report = world.event(log)
    assert report.outcome is Outcome.INCOMPLETE
    log.put(whole + CLOSER)
    world.event(log)
    assert world.stored == [1, 2]


def test_a_blob_that_still_ends_within_a_record_after_its_hour_is_an_unsupported_layout(world):
    log = world.log()
    log.put(HEAD + record(1) + b"," + record(2)[:-20])
    world.horizon.oldest(log.log.kind)
    world.clock.move(3600)
    report = world.event(log)
    assert report.outcome is Outcome.UNSUPPORTED
    assert f"The last {len(record(2)) - 20} bytes" in report.message
    assert world.stored == [1]


@pytest.mark.parametrize("opening", [b'{"recXrds":[', b'{"records"[', b'{"version":1,"records":['])
def test_records_behind_an_opening_that_is_not_known_are_delivered_once_however_the_blob_grows(world, opening):
    log = world.log()
    world.horizon.oldest(log.log.kind)
    for last in range(1, 4):
        log.put(opening + b",".join(record(port) for port in range(1, last + 1)) + CLOSER)
        assert world.event(log).outcome is Outcome.INCOMPLETE
    world.clock.move(3600)
    assert world.event(log).outcome is Outcome.DELIVERED
    assert world.stored == [1, 2, 3]


def test_an_append_blob_is_an_unsupported_layout(world):
    log = world.log()
    log.client.create_append_blob()
    log.client.append_block(HEAD + record(1) + CLOSER)
    report = world.event(log)
    assert report.outcome is Outcome.UNSUPPORTED
    assert "not a block blob" in report.message


@pytest.mark.parametrize(
    ("pack", "words"),
    [
        (gzip.compress, "compressed (gzip)"),
        (lambda data: data.decode().encode("utf-16"), "text in UTF-16"),
        (lambda data: data.decode().encode("utf-16-be"), "text in UTF-16"),
        (bz2.compress, "compressed (bzip2)"),
    ],
)
@pytest.mark.parametrize("mark", [None, "gzip"])
def test_a_blob_that_is_packed_is_unsupported_and_nothing_of_it_is_read_ever(world, pack, words, mark):
    log = world.log()
    data = pack(HEAD + record(1) + CLOSER)
    log.client.upload_blob(data, content_settings=ContentSettings(content_encoding=mark))
    report = world.event(log)
    assert report.outcome is Outcome.UNSUPPORTED
    assert words in report.message
    for _ in range(3):
        world.clock.move(600)
        assert {each.outcome for each in world.sweep()} == {Outcome.UNSUPPORTED}
    assert (world.gateway.posts, world.quarantined()) == ([], [])
    log.client.upload_blob(HEAD + record(1) + CLOSER, overwrite=True)
    world.sweep()
    assert world.stored == [1]


def test_a_blob_put_whole_over_one_that_was_begun_and_not_read_is_read_from_its_start(world, monkeypatch):
    log = world.log()
    log.minute(1)
    read = world.logs.read
    reads = iter(range(3))

    def breaks_after_the_survey(*args):
        if next(reads) == 2:
            raise StorageAway("It is away.")
        return read(*args)

    monkeypatch.setattr(world.logs, "read", breaks_after_the_survey)
    assert world.event(log).outcome is Outcome.RETRY_LATER
    monkeypatch.undo()
    log.put(HEAD + record(*range(300)) + CLOSER)
    report = world.event(log)
    assert (report.outcome, report.tally.rewritten) == (Outcome.DELIVERED, 1)
    assert world.stored == list(range(300))


def test_what_looks_rewritten_once_is_looked_at_again(world, monkeypatch):
    log = world.log()
    log.minute(1)
    world.event(log)
    log.minute(2)
    snapshot, looks = world.logs.snapshot, iter(range(9))

    def without_blocks_at_first(asked):
        seen = snapshot(asked)
        return replace(seen, blocks=()) if next(looks) == 0 else seen

    monkeypatch.setattr(world.logs, "snapshot", without_blocks_at_first)
    report = world.event(log)
    assert (report.outcome, report.tally.rewritten) == (Outcome.DELIVERED, 0)
    assert world.stored == [1, 2]


def test_what_an_event_finds_gone_and_the_listing_shows_is_not_gone(world, monkeypatch):
    log = world.log()
    log.minute(1)
    world.event(log)
    log.minute(2)
    monkeypatch.setattr(world.logs, "snapshot", _gone)
    report = world.event(log)
    assert report.outcome is Outcome.RETRY_LATER
    assert "though its listing shows it" in report.message
    assert world.checkpoint(log).state is State.OPEN
    monkeypatch.undo()
    world.event(log)
    assert world.stored == [1, 2]


@pytest.mark.parametrize("asked", range(3))
def test_what_is_gone_at_any_read_of_a_new_log_and_listed_is_not_gone(world, monkeypatch, asked):
    log = world.log()
    log.minute(1)
    read, reads = world.logs.read, iter(range(9))

    def gone_at(*args):
        if next(reads) == asked:
            raise Vanished("It is gone.")
        return read(*args)

    monkeypatch.setattr(world.logs, "read", gone_at)
    assert world.event(log).outcome is Outcome.RETRY_LATER
    world.event(log)
    assert world.stored == [1]


def _gone(log):
    raise Vanished(f"{log.name} is gone.")


def test_an_empty_blob_is_nothing_yet_and_does_not_settle_how_it_is_read(world):
    log = world.log()
    log.put(b"")
    assert world.event(log).outcome is Outcome.NOTHING_NEW
    assert world.checkpoint(log) is None
    log.minute(1)
    world.event(log)
    assert world.stored == [1]


def test_of_two_workers_on_one_log_one_works_and_the_other_leaves(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    log.minute(2)
    with world.held(log):
        assert world.event(log, world.process()).outcome is Outcome.HELD_ELSEWHERE
    assert world.stored == [1]
    assert world.event(log).outcome is Outcome.DELIVERED


def test_many_events_at_once_deliver_everything_and_send_nothing_twice(world):
    log = world.log()
    workers = [world.process() for _ in range(4)]
    for minute in range(6):
        log.minute(minute)
        threads = [threading.Thread(target=world.event, args=(log, worker)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    world.event(log)
    assert world.stored == list(range(6))
    assert len(world.gateway.posts) == len(set(world.gateway.posts))


def test_a_commit_that_came_while_the_log_was_held_is_delivered_by_the_holder(world):
    log = world.log()
    log.minute(1)

    def commit_and_fail_to_wake(_lines, _key):
        log.minute(2)
        assert world.event(log, world.process()).outcome is Outcome.HELD_ELSEWHERE

    world.gateway.faults = [commit_and_fail_to_wake]
    assert world.event(log).outcome is Outcome.DELIVERED
    assert world.stored == [1, 2]


def test_the_holder_looks_again_as_long_as_others_come_and_its_time_lasts(world):
    log = world.log()
    log.minute(0)
    minutes = iter(range(1, 100))

    def commit_and_wake(*_):
        log.minute(next(minutes))
        world.clock.move(30)
        assert world.event(log, world.process()).outcome is Outcome.HELD_ELSEWHERE

    world.gateway.always = commit_and_wake
    report = world.event(log)
    assert (report.outcome, world.stored) == (Outcome.DELIVERED, list(range(8)))
    world.gateway.always = fine
    assert [each.outcome for each in world.sweep()] == [Outcome.DELIVERED]
    assert world.stored == list(range(9))


@pytest.mark.parametrize("overtaken_at", [0, 1])
def test_a_log_that_is_committed_again_during_its_first_or_second_read_is_delivered_completely(world, overtaken_at):
    log = world.log()
    log.minute(1)
    read, times = world.logs.read, iter(range(10))

    def overtaken(*args):
        if next(times) == overtaken_at:
            log.minute(2)
        return read(*args)

    world.logs.read = overtaken
    assert world.event(log).outcome is Outcome.DELIVERED
    assert world.stored == [1, 2]


def test_a_log_that_is_always_overtaken_is_left_to_a_later_event(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    log.minute(2)

    def overtaken(*_):
        raise Overtaken("again")

    world.logs.read = overtaken
    assert world.event(log).outcome is Outcome.CONTINUES


def test_logs_from_before_the_hour_of_installation_are_not_read_by_events(world):
    world.horizon.oldest(log_blob().kind)
    old = world.log(log_blob(HOUR - timedelta(hours=1)))
    old.minute(1)
    assert world.event(old).outcome is Outcome.TOO_OLD
    assert world.stored == []


def test_logs_from_start_from_on_are_read(make_world):
    world = make_world(start_from=HOUR - timedelta(hours=2))
    old = world.log(log_blob(HOUR - timedelta(hours=2)))
    old.minute(1)
    assert world.event(old).outcome is Outcome.DELIVERED


def test_a_log_older_than_thirty_five_days_is_not_read_whatever_start_from_says(make_world):
    world = make_world(start_from=HOUR - timedelta(days=90))
    old = world.log(log_blob(HOUR - timedelta(days=35, hours=1)))
    old.minute(1)
    assert world.event(old).outcome is Outcome.TOO_OLD


def test_a_log_with_a_checkpoint_is_followed_however_old_it_is(make_world):
    world = make_world(start_from=HOUR)
    log = world.log()
    log.minute(1)
    world.event(log)
    world.clock.move(timedelta(days=40).total_seconds())
    log.minute(2)
    assert world.event(log).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TokenRefused("401"), Outcome.TOKEN_REFUSED),
        (UnexpectedAnswer("404"), Outcome.UNEXPECTED_ANSWER),
        (RetryLater("503"), Outcome.RETRY_LATER),
    ],
)
def test_a_gateway_that_fails_pauses_later_events_and_then_gets_everything(world, error, outcome):
    log = world.log()
    log.minute(1)
    world.gateway.always = answers(error)
    assert world.event(log).outcome is outcome
    attempts = len(world.gateway.posts)
    log.minute(2)
    assert world.event(log).outcome is Outcome.PAUSED
    assert len(world.gateway.posts) == attempts
    world.gateway.always = lambda *_: None
    world.clock.move(600)
    assert world.event(log).outcome is Outcome.DELIVERED
    assert world.stored == [1, 2]


def test_trouble_with_storage_pauses_nothing(world):
    log = world.log()
    log.minute(1)
    snapshot = world.logs.snapshot

    def away(_log):
        raise StorageAway("Storage account logs answered 503.")

    world.logs.snapshot = away
    assert world.event(log).outcome is Outcome.RETRY_LATER
    world.logs.snapshot = snapshot
    assert world.event(log).outcome is Outcome.DELIVERED


def test_a_bug_is_raised(world):
    log = world.log()
    log.minute(1)
    world.gateway.always = answers(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        world.event(log)


def test_a_newer_checkpoint_is_reported_and_not_overwritten(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    [entity] = [each for each in world.table.list_entities() if "state" in each]
    world.table.update_entity(entity | {"text0": '{"format": 99}'}, UpdateMode.REPLACE)
    log.minute(2)
    for worker in (world.worker, world.process()):
        assert world.event(log, worker).outcome is Outcome.CHECKPOINT_UNREADABLE
    assert world.table.get_entity(entity["PartitionKey"], entity["RowKey"])["text0"] == '{"format": 99}'


def test_a_blob_finishes_under_the_cut_rule_it_began_with(world):
    log = world.log()
    log.minute(*range(5))
    world.event(log, world.process(batch=2))
    log.minute(*range(5, 10))
    world.event(log, world.process(batch=100))
    assert max(len(lines) for lines in world.gateway.batches.values()) == 2


def test_a_missing_table_is_no_proof_that_a_log_is_too_old(world):
    world.horizon.oldest(log_blob().kind)
    old = world.log(log_blob(HOUR - timedelta(hours=1)))
    old.minute(1)
    world.table.delete_table()
    report = world.event(old)
    assert report.outcome is Outcome.RETRY_LATER
    assert "TableNotFound" in report.message
