"""One pass, with everything but time and the network real: what is stored, what is kept, what is saved when."""

import gc
import json
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from shared.delivery import transfer as transfer_module
from shared.delivery.batch import CUT_VERSION, Batch
from shared.delivery.breaker import Refusals
from shared.delivery.collaborators import Collaborators
from shared.delivery.flights import PassSource
from shared.delivery.report import Tally
from shared.delivery.transfer import Transfer
from shared.errors import HeldElsewhere, Malformed, Overtaken, RetryLater, TokenRefused, TooLarge, UnexpectedAnswer
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, State
from shared.storage.logs import Block, Snapshot
from tests.support.gateway import MemoryGateway, answers, refuses_lines, takes_at_most
from tests.support.logs import CLOSER, HEAD, block_id, log_blob, ports_of, record
from tests.support.time import StillClock


class MemoryQuarantine:
    def __init__(self):
        self.objects = {}

    def put(self, _log, key, lines):
        self.objects[key] = [json.loads(line) for line in lines]

    @property
    def all(self):
        return [item for objects in self.objects.values() for item in objects]


class MemoryWriter:
    """Keeps what is saved, and can be told to have lost its claim."""

    def __init__(self):
        self.saved = []
        self.lost = False

    def attempt_seconds(self):
        self.keep()
        return 45.0

    def keep(self):
        if self.lost:
            raise HeldElsewhere("lost")

    def save(self, checkpoint):
        self.keep()
        self.saved.append(checkpoint)

    def finish(self, checkpoint):
        if not self.lost and self.saved[-1:] != [checkpoint]:
            self.saved.append(checkpoint)


class Pass:
    """A log of given blocks, and passes over it from the last saved checkpoint on."""

    def __init__(self, *blocks, batch=100, in_flight=2, layout=Layout.BLOCKS):
        self.clock = StillClock()
        self.gateway = MemoryGateway()
        self.quarantine = MemoryQuarantine()
        self.writer = MemoryWriter()
        self.refusals = Refusals()
        self.blocks = [HEAD, *blocks, CLOSER]
        self.in_flight = in_flight
        self.fetch_fault = lambda: None
        self.first = Checkpoint(log_blob().name, layout, CutRule(CUT_VERSION, batch))

    @property
    def data(self):
        return b"".join(self.blocks)

    @property
    def checkpoint(self):
        return self.writer.saved[-1] if self.writer.saved else self.first

    def fetch(self, start, end):
        self.fetch_fault()
        return self.data[start:end]

    def run(self, seconds=240.0):
        tally = Tally()
        listed = tuple(Block(block_id(str(number)), len(block)) for number, block in enumerate(self.blocks))
        snapshot = Snapshot(f'"{len(self.blocks)}"', len(self.data), datetime(2026, 11, 23, tzinfo=UTC), listed)
        collaborators = Collaborators(self.gateway, self.quarantine, self.refusals, self.clock, self.in_flight)
        source = PassSource("logs", log_blob(), snapshot, self.fetch)
        self.transfer = Transfer(
            collaborators, source, self.checkpoint, self.writer, self.clock.deadline(seconds), tally
        )
        try:
            self.transfer.run()
        finally:  # as the holder of a claim does it
            self.writer.finish(self.transfer.checkpoint)
        return tally

    def assert_delivered(self, ports, quarantined=()):
        assert sorted(ports_of(list(self.gateway.stored.elements()))) == sorted(ports)
        assert sorted(item["raw"] for item in self.quarantine.all) == sorted(quarantined)
        assert self.checkpoint.offset == len(self.data) - len(CLOSER)


def blocks(*sizes):
    number = iter(range(10_000))
    return [b"," + record(*(next(number) for _ in range(size))) for size in sizes]


def test_every_tuple_is_posted_and_the_checkpoint_is_written_once():
    run = Pass(*blocks(3, 2, 4))
    tally = run.run()
    run.assert_delivered(range(9))
    assert len(run.writer.saved) == 1
    assert (tally.blocks, tally.tuples, tally.records, tally.posts, tally.duplicates) == (4, 9, 9, 3, 0)
    assert tally.bytes == len(run.data) - len(CLOSER)


def test_every_post_names_the_log_blob_that_it_comes_from():
    run = Pass(*blocks(3, 2))
    run.run()
    log = log_blob()
    assert run.gateway.blobs == {f"logs/{log.kind.container}/{log.name}"}


def test_a_batch_never_spans_blocks_and_holds_no_more_records_than_the_rule_says():
    run = Pass(*blocks(7, 2), batch=3)
    run.run()
    assert sorted(len(lines) for lines in run.gateway.batches.values()) == [1, 2, 3, 3]


def test_decoding_goes_on_while_all_posts_wait_for_their_answers(monkeypatch):
    run, enough = Pass(*blocks(*[1] * 9), in_flight=2), threading.Event()
    numbers = count(1)

    def packed(batch, real=Batch.packed):
        if next(numbers) == 2 * run.in_flight:
            enough.set()
        return real(batch)

    monkeypatch.setattr(Batch, "packed", packed)
    waited = []
    run.gateway.faults = [lambda *_: waited.append(enough.wait(10))]
    run.run()
    assert waited == [True]
    run.assert_delivered(range(9))


def test_what_was_decoded_ahead_when_the_time_ran_out_is_posted_and_the_rest_stays_for_the_next_pass():
    run = Pass(*blocks(*[1] * 9), in_flight=2)
    run.gateway.faults = [lambda *_: run.clock.move(300)]
    run.run()
    stored = ports_of(list(run.gateway.stored.elements()))
    assert 0 < len(stored) < 9
    assert run.checkpoint.offset == sum(map(len, run.blocks[: 1 + len(stored)]))
    assert run.checkpoint.etag == ""
    assert run.transfer.left > 0
    run.run()
    run.assert_delivered(range(9))
    assert set(run.gateway.stored.values()) == {1}


def test_the_only_post_of_a_pass_takes_no_thread():
    run, threads = Pass(*blocks(3)), []
    run.gateway.faults = [lambda *_: threads.append(threading.current_thread())]
    run.run()
    assert threads == [threading.current_thread()]
    run.assert_delivered(range(3))


def test_a_pass_over_what_is_delivered_posts_nothing_and_writes_nothing():
    run = Pass(*blocks(3))
    run.run()
    posts, saves = list(run.gateway.posts), list(run.writer.saved)
    tally = run.run()
    assert (run.gateway.posts, run.writer.saved, tally.bytes) == (posts, saves, 0)


def test_growth_is_delivered_from_where_the_last_pass_ended():
    run = Pass(*blocks(3))
    run.run()
    run.blocks.insert(-1, b"," + record(100, 101))
    assert run.run().tuples == 2
    run.assert_delivered([0, 1, 2, 100, 101])


def test_an_hour_that_is_over_closes_the_checkpoint_and_growth_opens_it_again():
    run = Pass(*blocks(1))
    run.run()
    assert run.checkpoint.state is State.OPEN
    run.clock.move(timedelta(hours=1).total_seconds())
    run.blocks.insert(-1, b"," + record(9))
    run.run()
    assert (run.checkpoint.state, run.checkpoint.etag) == (State.CLOSED, '"4"')
    run.blocks.insert(-1, b"," + record(10))
    run.gateway.faults = [answers(TokenRefused("401"))]
    with pytest.raises(TokenRefused):
        run.run()
    assert (run.checkpoint.state, run.checkpoint.etag) == (State.OPEN, "")


def test_bad_tuples_are_quarantined_as_written_with_their_place_and_take_no_neighbour_along():
    run = Pass(b"," + record(1, 2, bad=1))
    tally = run.run()
    bad = "1795447800,10.0.0.4,nowhere,0,443,T,O,A,B,,,,"
    run.assert_delivered([1, 2], [bad])
    [item] = run.quarantine.all
    assert item["unit"] == "tuple"
    assert item["blob"] == log_blob().name
    assert item["block"] == block_id("1")
    assert item["position"].endswith("flowTuples[2]")
    assert item["context"]["rule"] == "UserRule_a"
    assert (tally.tuples, tally.records, tally.tuples_aside) == (3, 2, 1)


def test_a_block_that_is_not_json_is_quarantined_as_bytes_and_the_next_is_delivered():
    run = Pass(b"\xff\xfe garbage", b"," + record(5))
    tally = run.run()
    assert ports_of(list(run.gateway.stored)) == [5]
    assert [item["raw_base64"] for item in run.quarantine.all] == ["//4gZ2FyYmFnZQ=="]
    assert tally.ranges_aside == 1


def test_quarantine_is_written_before_the_checkpoint_passes_it():
    run = Pass(b"," + record(1, bad=1))

    def refuse(*_):
        raise RetryLater("storage is away")

    run.quarantine.put = refuse
    with pytest.raises(RetryLater):
        run.run()
    assert run.checkpoint.offset <= len(HEAD)


def test_a_repetition_writes_the_same_quarantine_names():
    run = Pass(b"," + record(1, bad=2))
    run.run()
    names = set(run.quarantine.objects)
    run.writer.saved.clear()
    run.run()
    assert set(run.quarantine.objects) == names


def test_lines_that_the_gateway_rejects_are_quarantined_and_the_others_stored():
    run = Pass(*blocks(4))
    run.gateway.rejected = lambda line: "no such port" if json.loads(line)["src_port"] == 2 else None
    tally = run.run()
    assert sorted(ports_of(list(run.gateway.stored))) == [0, 1, 3]
    [item] = run.quarantine.all
    assert (item["unit"], item["reason"], json.loads(item["raw"])["src_port"]) == ("line", "no such port", 2)
    assert (tally.records, tally.lines_refused) == (3, 1)


def test_a_batch_too_large_is_halved_until_it_fits():
    run = Pass(*blocks(10), batch=10)
    run.gateway.always = takes_at_most(3)
    run.run()
    run.assert_delivered(range(10))
    assert sorted(len(lines) for lines in run.gateway.batches.values()) == [2, 2, 3, 3]


def test_a_single_record_too_large_is_quarantined():
    run = Pass(*blocks(2))
    run.gateway.always = lambda lines, _: (
        takes_at_most(0)(lines, "") if '"src_port":1' in lines[0] else takes_at_most(1)(lines, "")
    )
    run.run()
    assert ports_of(list(run.gateway.stored)) == [0]
    assert [item["unit"] for item in run.quarantine.all] == ["line"]


def test_a_malformed_batch_is_halved_down_to_the_line_that_is_refused():
    run = Pass(*blocks(16), batch=16)
    run.gateway.always = refuses_lines(lambda line: json.loads(line)["src_port"] == 11)
    tally = run.run()
    assert sorted(ports_of(list(run.gateway.stored))) == [port for port in range(16) if port != 11]
    assert [json.loads(item["raw"])["src_port"] for item in run.quarantine.all] == [11]
    assert tally.lines_refused == 1


def test_two_whole_batches_refused_in_a_row_stop_the_pass_and_quarantine_nothing_of_the_second():
    run = Pass(*blocks(2, 2, 2), in_flight=1)
    run.gateway.always = answers(Malformed("400"))
    with pytest.raises(UnexpectedAnswer):
        run.run()
    assert len(run.quarantine.all) == 2
    run.gateway.always = lambda *_: None
    run.run()
    assert sorted(ports_of(list(run.gateway.stored))) == [2, 3, 4, 5]


@pytest.mark.parametrize("error", [TooLarge("413"), Malformed("400")])
@pytest.mark.parametrize("layout", Layout)
def test_records_that_are_each_a_batch_of_their_own_are_a_fault_only_when_a_hundred_are_refused(error, layout):
    run = Pass(*blocks(*[1] * 150), layout=layout)
    run.gateway.always = answers(error)
    with pytest.raises(UnexpectedAnswer):
        run.run()
    assert len(run.quarantine.all) == 99
    run.gateway.always = lambda *_: None
    run.run()
    assert sorted(ports_of(list(run.gateway.stored))) == list(range(99, 150))
    assert run.checkpoint.offset == len(run.data) - len(CLOSER)


@pytest.mark.parametrize("error", [TooLarge("413"), Malformed("400")])
def test_a_record_that_is_accepted_in_between_shows_that_not_everything_is_refused(error):
    run = Pass(*blocks(*[1] * 250), layout=Layout.BYTES)
    accepted = {60, 150, 240}
    run.gateway.always = lambda lines, key: None if {*ports_of(lines)} & accepted else answers(error)(lines, key)
    run.run()
    assert set(ports_of(list(run.gateway.stored))) == accepted
    assert len(run.quarantine.all) == 247


def test_an_answer_that_rejects_every_line_does_not_show_that_anything_is_taken():
    run = Pass(*blocks(*[1] * 150), layout=Layout.BYTES)
    run.gateway.rejected = lambda _line: "no such port"
    run.gateway.always = lambda lines, key: None if ports_of(lines) == [50] else answers(TooLarge("413"))(lines, key)
    with pytest.raises(UnexpectedAnswer):
        run.run()
    assert len(run.quarantine.all) == 100


def test_a_bad_line_in_each_of_several_logs_is_not_the_gateways_fault():
    run = Pass(*blocks(4), batch=4)
    run.refusals.refused(Batch((0,), ["a line", "and a bad one"]), "a log that another thread delivers")
    run.gateway.always = refuses_lines(lambda line: json.loads(line)["src_port"] == 2)
    run.run()
    assert sorted(ports_of(list(run.gateway.stored))) == [0, 1, 3]


def test_that_a_batch_is_halved_is_saved_before_a_half_is_posted():
    run = Pass(*blocks(4), batch=4, in_flight=1)
    run.gateway.faults = [answers(TooLarge("413")), answers(TokenRefused("401"))]
    with pytest.raises(TokenRefused):
        run.run()
    assert run.checkpoint.batch == (0, 0)
    run.run()  # the gateway would take the whole now
    assert [len(lines) for lines in run.gateway.batches.values()] == [2, 2]
    run.assert_delivered(range(4))


def test_halves_that_are_in_are_not_posted_again():
    run = Pass(*blocks(4), batch=4, in_flight=1)
    run.gateway.faults = [answers(TooLarge("413")), lambda *_: None, answers(TokenRefused("401"))]
    with pytest.raises(TokenRefused):
        run.run()
    assert run.checkpoint.batch == (0, 1)
    assert run.run().duplicates == 0
    run.assert_delivered(range(4))


def test_what_another_version_began_is_posted_again_from_its_first_part_and_counts_once():
    run = Pass(*blocks(6), batch=2, in_flight=1)
    run.first = replace(run.first, cut=CutRule(CUT_VERSION - 1, 2))
    run.gateway.faults = [lambda *_: None, answers(TokenRefused("401"))]
    with pytest.raises(TokenRefused):
        run.run()
    assert run.checkpoint.batch == (1,)
    assert run.run().duplicates == 1
    run.assert_delivered(range(6))


def test_a_record_that_two_blocks_cut_is_posted_in_a_batch_of_its_own():
    cut = b"," + record(7, 8)
    run = Pass(b"," + record(1) + cut[:180], cut[180:] + b"," + record(2))
    tally = run.run()
    run.assert_delivered([1, 7, 8, 2])
    assert sorted(map(ports_of, run.gateway.batches.values())) == [[1], [2], [7, 8]]
    assert (tally.blocks, tally.tuples, tally.ranges_aside) == (3, 4, 0)


def test_what_was_halved_is_posted_in_the_same_halves_when_it_is_read_from_the_start_again():
    run = Pass(*blocks(3, 10, 2), batch=5)
    run.gateway.always = takes_at_most(2)
    run.run()
    stored = set(run.gateway.batches)
    halved = run.checkpoint.halved
    assert halved
    run.gateway.always = takes_at_most(100)
    run.writer.saved.append(replace(run.first, halved=halved))
    tally = run.run()
    assert set(run.gateway.batches) == stored
    assert tally.posts == tally.duplicates == len(stored)
    assert run.checkpoint.halved == halved


def test_the_checkpoint_moves_only_over_what_was_accepted_without_a_gap():
    run = Pass(*blocks(1, 1, 1, 1), in_flight=4)
    run.gateway.always = lambda lines, _: (
        answers(TokenRefused("401"))(lines, "") if '"src_port":1' in lines[0] else None
    )
    with pytest.raises(TokenRefused):
        run.run()
    assert run.checkpoint.offset == len(HEAD) + len(run.blocks[1])
    run.gateway.always = lambda *_: None
    tally = run.run()
    run.assert_delivered(range(4))
    assert tally.duplicates <= 2


def test_what_is_posted_again_after_a_lost_reply_is_stored_once():
    run = Pass(*blocks(2, 2))
    run.gateway.lost_replies = [RetryLater("broken connection")]
    tally = run.run()
    run.assert_delivered(range(4))
    assert (tally.retries, tally.duplicates) == (1, 1)
    assert set(run.gateway.stored.values()) == {1}


def test_a_refusal_after_a_lost_reply_is_believed_only_when_it_is_repeated():
    run = Pass(*blocks(4), batch=4)
    run.gateway.lost_replies = [RetryLater("broken connection")]
    run.gateway.faults = [lambda *_: None, answers(Malformed("400"))]
    run.run()
    run.assert_delivered(range(4))
    assert set(run.gateway.stored.values()) == {1}


def test_a_gateway_that_finds_every_line_too_large_is_at_fault():
    run = Pass(*blocks(300), batch=300)
    run.gateway.always = answers(TooLarge("413"))
    with pytest.raises(UnexpectedAnswer):
        run.run()
    assert len(run.quarantine.all) < 100


def test_an_outage_ends_the_pass_when_the_time_budget_is_spent():
    run = Pass(*blocks(1, 1))
    run.gateway.always = answers(RetryLater("503"))
    with pytest.raises(RetryLater):
        run.run(seconds=30)
    assert run.checkpoint.offset == len(HEAD)
    assert run.gateway.batches == {}


def test_a_spent_time_budget_leaves_the_rest_to_a_later_pass():
    run = Pass(*blocks(1, 1, 1), in_flight=1)
    run.gateway.always = lambda *_: run.clock.move(20)
    run.run(seconds=30)
    assert run.transfer.left > 0
    assert run.checkpoint.etag == ""
    run.run(seconds=1000)
    run.assert_delivered(range(3))


def test_a_worker_that_lost_its_claim_posts_nothing_and_writes_nothing():
    run = Pass(*blocks(2))
    run.writer.lost = True
    with pytest.raises(HeldElsewhere):
        run.run()
    assert (run.gateway.posts, run.writer.saved, run.quarantine.objects) == ([], [], {})


def test_a_worker_that_loses_its_claim_in_between_stops_posting():
    run = Pass(*blocks(1, 1, 1, 1), in_flight=1)
    run.gateway.faults = [lambda *_: setattr(run.writer, "lost", True)]
    with pytest.raises(HeldElsewhere):
        run.run()
    assert len(run.gateway.posts) == 1
    assert run.writer.saved == []


def test_what_was_read_before_the_log_was_committed_again_is_settled_and_saved():
    run = Pass(*blocks(1, 1), in_flight=4)
    fetches = iter([None, Overtaken("committed again")])

    def fault():
        if trouble := next(fetches):
            raise trouble

    run.fetch_fault = fault
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.delivery.reading.FETCH_BYTES", len(HEAD) + len(run.blocks[1]))
        with pytest.raises(Overtaken):
            run.run()
    assert run.checkpoint.offset == len(HEAD) + len(run.blocks[1])
    assert len(run.gateway.batches) == 1


def test_a_long_backlog_saves_every_sixteen_megabytes_or_fifteen_seconds(monkeypatch):
    run = Pass(*blocks(*[1] * 12), in_flight=1)
    size = len(run.blocks[5])
    monkeypatch.setattr(transfer_module, "_SAVE_BYTES", 4 * size)
    run.run()
    by_size = len(run.writer.saved)
    slow = Pass(*blocks(*[1] * 12), in_flight=1)
    slow.gateway.always = lambda *_: slow.clock.move(5)
    slow.run()
    assert by_size == 4
    assert len(slow.writer.saved) == 5


def test_identical_tuples_are_all_stored():
    run = Pass(b"," + record(7, 7, 7), b"," + record(7))
    run.run()
    assert list(run.gateway.stored.values()) == [4]


def test_a_log_read_by_bytes_is_recognised_by_its_tail():
    run = Pass(*blocks(2, 1), layout=Layout.BYTES)
    run.run()
    run.assert_delivered(range(3))
    assert run.checkpoint.blocks == 0
    assert run.checkpoint.tail is not None


def test_the_same_key_never_comes_with_another_body():
    run = Pass(*blocks(5, 5), batch=2)
    bodies: dict[str, Counter[tuple[str, ...]]] = {}
    run.gateway.always = lambda lines, key: bodies.setdefault(key, Counter()).update([tuple(lines)])
    run.run()
    run.writer.saved = [replace(run.first, offset=len(HEAD) + len(run.blocks[1]))]
    run.run()
    assert all(len(seen) == 1 for seen in bodies.values())
    assert any(sum(seen.values()) == 2 for seen in bodies.values())


@contextmanager
def left_to_the_collector():
    """Gather what only a collection of cycles would set free, once the block has ended."""
    garbage = []
    gc.collect()
    gc.disable()
    try:
        yield garbage
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        garbage += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_what_was_posted_is_let_go_of_at_once():
    with left_to_the_collector() as garbage:
        Pass(*blocks(*[10] * 20)).run()
    assert [each for each in garbage if isinstance(each, Batch)] == []


@pytest.mark.parametrize("in_flight", [1, 2, 3])
def test_no_more_posts_are_under_way_than_the_setting_says_halves_included(in_flight):
    run = Pass(*blocks(*[4] * 12), batch=4, in_flight=in_flight)
    under_way, most, turn = 0, [], threading.Lock()
    real, run.gateway.always = run.gateway.post_flow_logs, takes_at_most(2)

    def counted(*arguments):
        nonlocal under_way
        with turn:
            under_way += 1
            most.append(under_way)
        try:
            return real(*arguments)
        finally:
            with turn:
                under_way -= 1

    run.gateway.post_flow_logs = counted
    run.run()
    run.assert_delivered(range(48))
    assert max(most) <= in_flight
