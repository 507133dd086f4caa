"""Sending quarantine again: what is accepted leaves it, nothing is stored twice."""

import json
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.apigw.client import Rejection
from shared.delivery.batch import Batch, Origin
from shared.delivery.quarantine import Position
from shared.delivery.resubmit import Resubmission
from shared.errors import Malformed, Overtaken, RetryLater, TokenRefused, TooLarge, UnexpectedAnswer
from shared.flowlog import Envelope, SetAside, Unit, decode
from shared.flowlog.record import Source
from shared.storage.checkpoint import CutRule
from tests.support.gateway import MemoryGateway, answers, refuses_lines, takes_at_most
from tests.support.logs import MAC, log_blob, ports_of, record
from tests.support.secrets import TOKEN, traces
from tests.support.time import StillClock

NAME = "y=2026/m=11/d=23/0.ndjson"
POSITION = Position(Origin("logs", log_blob(), 0, 12, 400, "c0ffee", CutRule(1, 100)), "block")
ENVELOPE = Envelope(Source.NSG, 2, "UserRule_a", MAC, resource_id="/SUBSCRIPTIONS/S")


class MemoryStore:
    """Quarantined blobs in memory; `interrupted` dies before the next write."""

    def __init__(self, *lines):
        self.lines = list(lines)
        self.version = 0
        self.interrupted = False

    def read(self, _name):
        return list(self.lines), str(self.version)

    def replace(self, _name, lines, etag):
        if self.interrupted:
            self.interrupted = False
            raise RetryLater("died here")
        if etag != str(self.version):
            raise Overtaken("written again meanwhile")
        self.version += 1
        self.lines = list(lines)

    @property
    def objects(self):
        return [json.loads(line) for line in self.lines]


def readable_tuple(port, reason="unknown to an older version"):
    raw = f"1795447800,10.0.0.4,13.107.21.200,{port},443,T,O,A,B,,,,".encode()
    return POSITION.of_decoder([SetAside(Unit.TUPLE, f"tuples[{port}]", reason, raw, ENVELOPE)])[0]


def unreadable_tuple(number):
    return POSITION.of_decoder([SetAside(Unit.TUPLE, f"tuples[{number}]", "no address", b"x,y", ENVELOPE)])[0]


def readable_record(*ports, bad=0):
    return POSITION.of_decoder([SetAside(Unit.RECORD, "records[0]", "unknown version", record(*ports, bad=bad))])[0]


def refused_lines(*ports, of=100):
    lines = decode(record(*ports)).lines
    batch = Batch((0,), [*lines, *("{}" for _ in range(of - len(lines)))])
    return POSITION.of_gateway(batch, [Rejection(number, "too new") for number in range(len(lines))])


class Resubmits:
    def __init__(self, *lines):
        self.store = MemoryStore(*lines)
        self.gateway = MemoryGateway()
        self.clock = StillClock()
        self.stop = threading.Event()

    def __call__(self, names=(NAME,)):
        self.stop.clear()
        self.resubmission = Resubmission(self.store, self.gateway, self.clock)
        self.results = list(self.resubmission.run(names, self.stop))
        return self.results[0]

    @property
    def stored(self):
        return sorted(ports_of(list(self.gateway.stored.elements())))


def rejects(*ports):
    return lambda line: "not taken" if json.loads(line)["src_port"] in ports else None


def test_what_can_be_read_now_is_accepted_and_leaves():
    again = Resubmits(readable_tuple(1), readable_tuple(2), readable_record(3, 4))
    result = again()
    assert (result.accepted, result.left, result.trouble) == (4, 0, None)
    assert again.stored == [1, 2, 3, 4]
    assert again.store.lines == []
    assert len(again.gateway.posts) == 1


def test_lines_that_the_gateway_refused_are_sent_again():
    again = Resubmits(*refused_lines(1, 2))
    assert again().left == 0
    assert again.stored == [1, 2]


def test_a_range_that_an_older_version_set_aside_is_sent_if_it_holds_whole_records():
    hard = record(1, 2).replace(b"UserRule_a", b'a \\"}{\\" rule')
    ranges = [
        POSITION.of_decoder([SetAside(Unit.RANGE, "offset 0, length 9", "cut off or damaged", raw)])[0]
        for raw in (hard, b"," + hard.replace(b":1,", b":3,").replace(b",1,443", b",3,443") + b",", record(9)[:-60])
    ]
    again = Resubmits(*ranges)
    assert (again().accepted, again().left) == (4, 1)
    assert again.stored == [1, 2, 2, 3]
    assert again.store.objects[0]["raw"] == record(9)[:-60].decode()


def test_what_still_can_not_be_read_stays_as_it_was_and_nothing_is_sent():
    line = unreadable_tuple(1)
    again = Resubmits(line)
    assert again().left == 1
    assert again.store.lines == [line]
    assert again.store.version == 0
    assert again.gateway.posts == []


def test_a_record_leaves_behind_the_tuples_that_still_can_not_be_read():
    again = Resubmits(readable_record(1, 2, bad=1))
    assert (again().accepted, again.stored) == (2, [1, 2])
    (left,) = again.store.objects
    assert left["unit"] == "tuple"
    assert left["position"] == "records[0], records[0].flows[0].flows[0].flowTuples[2]"
    assert "nowhere" in left["raw"]
    assert left["context"]["rule"] == "UserRule_a"
    assert left["blob"] == log_blob().name
    assert again().left == 1


def test_what_the_gateway_rejects_stays_with_the_new_reason():
    again = Resubmits(readable_record(1, 2, 3), readable_tuple(4))
    again.gateway.rejected = rejects(2)
    assert (again().accepted, again.stored) == (3, [1, 3, 4])
    (left,) = again.store.objects
    assert (left["unit"], left["reason"], left["position"]) == ("line", "not taken", "records[0], record 1")
    assert ports_of([left["raw"]]) == [2]


def test_what_was_rejected_goes_under_another_key_the_next_time():
    again = Resubmits(*refused_lines(1, 2))
    again.gateway.rejected = rejects(1, 2)
    assert again().left == 2
    again.gateway.rejected = rejects()
    assert again().left == 0
    assert again.stored == [1, 2]


def test_a_repetition_after_an_interruption_stores_nothing_twice():
    again = Resubmits(readable_tuple(1), *refused_lines(2))
    again.store.interrupted = True
    assert isinstance(again().trouble, RetryLater)
    assert again.store.version == 0
    assert again().left == 0
    assert again.stored == [1, 2]


def test_a_lost_reply_stores_nothing_twice():
    again = Resubmits(readable_tuple(1))
    again.gateway.lost_replies = [RetryLater("reset")]
    assert again().left == 0
    assert again.stored == [1]


@pytest.mark.parametrize("error", [Malformed("400"), TooLarge("413")])
def test_a_post_that_is_refused_whole_goes_object_by_object_and_record_by_record(error):
    again = Resubmits(readable_tuple(1), readable_tuple(2), readable_record(3, 4, 5))

    def fault(lines, _key):
        if 4 in ports_of(lines):
            raise error

    again.gateway.always = fault
    assert (again().accepted, again.stored) == (4, [1, 2, 3, 5])
    (left,) = again.store.objects
    assert ports_of([left["raw"]]) == [4]
    again.gateway.always = lambda *_: None
    assert again().left == 0
    assert again.stored == [1, 2, 3, 4, 5]


def test_a_post_that_was_refused_whole_is_not_tried_whole_again():
    again = Resubmits(readable_tuple(1), readable_tuple(2))
    again.gateway.faults = [answers(TooLarge("413")), lambda *_: None, answers(TokenRefused("401"))]
    assert isinstance(again().trouble, TokenRefused)
    assert again.stored == [1]
    assert again().left == 0
    assert again.stored == [1, 2]


def test_a_line_that_was_a_batch_of_its_own_goes_under_that_batchs_key():
    (line,) = refused_lines(7, of=1)
    again = Resubmits(line)
    assert again().left == 0
    assert list(again.gateway.batches) == [POSITION.origin.key((0,))]


def test_a_line_that_a_replay_stored_in_the_meantime_is_stored_once():
    (line,) = refused_lines(7, of=1)
    again = Resubmits(line)
    batch = Batch((0,), decode(record(7)).lines)
    again.gateway.post_flow_logs(batch.body(), 1, POSITION.origin.key((0,)))
    assert again().left == 0
    assert again.stored == [7]


def test_a_line_that_was_rejected_as_a_batch_of_its_own_is_tried_under_another_key():
    (line,) = refused_lines(7, of=1)
    again = Resubmits(line)
    again.gateway.rejected = rejects(7)
    batch = Batch((0,), decode(record(7)).lines)
    again.gateway.post_flow_logs(batch.body(), 1, POSITION.origin.key((0,)))
    again.gateway.rejected = rejects()
    assert again().left == 0
    assert again.stored == [7]


def test_many_objects_go_in_posts_of_a_thousand_records():
    again = Resubmits(*(readable_tuple(port) for port in range(2500)))
    assert again().left == 0
    assert sorted(map(len, again.gateway.batches.values())) == [500, 1000, 1000]


@pytest.mark.parametrize("line", [b"{}", b"no json", b'{"format": 2}', b'{"format": 1, "unit": "tuple"}'])
def test_an_object_that_is_damaged_or_newer_stays_as_it_is(line):
    again = Resubmits(line, readable_tuple(1))
    assert again().left == 1
    assert again.store.lines == [line]


def test_a_refused_token_ends_it():
    again = Resubmits(readable_tuple(1))
    again.gateway.always = answers(TokenRefused("401"))
    again([NAME] * 1000)
    assert len(again.results) < 1000
    assert again.stop.is_set()
    assert all(isinstance(result.trouble, TokenRefused) for result in again.results)


def test_a_gateway_that_refuses_everything_as_malformed_ends_it():
    again = Resubmits(*(readable_tuple(port) for port in range(300)))
    again.gateway.always = answers(Malformed("400"))
    again()
    assert again.stop.is_set()
    assert len(again.store.lines) == 300


def test_a_gateway_that_finds_everything_too_large_ends_it():
    again = Resubmits(*(readable_tuple(port) for port in range(300)))
    again.gateway.always = answers(TooLarge("413"))
    again()
    assert isinstance(again.results[0].trouble, UnexpectedAnswer)
    assert len(again.store.lines) == 300


def test_a_bad_record_in_every_post_is_not_the_gateways_fault():
    again = Resubmits(*(readable_tuple(port) for port in range(2500)))
    again.gateway.always = refuses_lines(lambda line: json.loads(line)["src_port"] in {7, 1007, 2007})
    result = again()
    assert (result.accepted, result.left, result.trouble) == (2497, 3, None)


def test_an_old_reason_that_repeats_a_secret_is_cleaned_where_the_object_is_written_again():
    (line,) = refused_lines(7)
    again = Resubmits(line.replace(b"too new", f"token {TOKEN} is new".encode()))
    again.gateway.faults = [answers(TooLarge("413")), answers(TokenRefused("401"))]
    assert isinstance(again().trouble, TokenRefused)
    (left,) = again.store.objects
    assert left["reason"] == "... is new"
    assert not traces(TOKEN, json.dumps(left))


def test_a_look_sends_nothing():
    again = Resubmits(readable_record(1, 2, bad=1), unreadable_tuple(1))
    outlook = Resubmission(again.store, again.gateway, again.clock).look(NAME)
    assert (outlook.objects, outlook.records, outlook.unreadable) == (2, 2, 1)
    assert again.gateway.posts == []


OBJECTS = st.lists(
    st.sampled_from(["tuple", "record", "mixed", "unreadable", "line", "single"]), min_size=1, max_size=6
)
RUNS = st.lists(
    st.fixed_dictionaries(
        {
            "interrupted": st.booleans(),
            "lost": st.integers(0, 2),
            "refused": st.sets(st.integers(0, 30), max_size=3),
            "rejected": st.sets(st.integers(0, 30), max_size=3),
            "most": st.sampled_from([1, 2, 100]),
            "outage": st.sampled_from([None, 0, 1, 2]),
        }
    ),
    max_size=5,
)


def made(kinds):
    lines, good, bad = [], [], 0
    for number, kind in enumerate(kinds):
        port = number * 3
        match kind:
            case "tuple":
                lines.append(readable_tuple(port))
                good.append(port)
            case "record":
                lines.append(readable_record(port, port + 1))
                good += [port, port + 1]
            case "mixed":
                lines.append(readable_record(port, port + 1, port + 2, bad=1))
                good += [port, port + 1, port + 2]
                bad += 1
            case "unreadable":
                lines.append(unreadable_tuple(number))
                bad += 1
            case "line":
                lines += refused_lines(port, port + 1)
                good += [port, port + 1]
            case "single":
                lines += refused_lines(port, of=1)
                good.append(port)
    return lines, good, bad


def more_and_more_taken(runs):
    """A gateway may come to take what it refused whole; one that goes the other way is a limit that is named."""
    refused, most = None, 1
    for run in runs:
        refused = run["refused"] if refused is None else refused & run["refused"]
        most = max(most, run["most"])
        yield run | {"refused": refused, "most": most}


@settings(deadline=None)
@given(OBJECTS, RUNS)
def test_whatever_goes_wrong_everything_readable_is_stored_once_in_the_end(kinds, runs):
    # One single at most: in truth each has a place, and with it a key, of its own.
    kinds = [kind for number, kind in enumerate(kinds) if kind != "single" or "single" not in kinds[:number]]
    lines, good, bad = made(kinds)
    again = Resubmits(*lines)
    for run in more_and_more_taken(runs):
        again.store.interrupted = run["interrupted"]
        again.gateway.lost_replies = [RetryLater("reset")] * run["lost"]
        again.gateway.rejected = rejects(*run["rejected"])
        again.gateway.faults = [answers(RetryLater("503", 1e9))] if run["outage"] == 0 else []

        def always(received, key, run=run):
            takes_at_most(run["most"])(received, key)
            refuses_lines(lambda line: json.loads(line)["src_port"] in run["refused"])(received, key)

        again.gateway.always = always
        again()
        assert set(again.stored) <= set(good)
        assert len(set(again.stored)) == len(again.stored)
    again.store.interrupted = False
    again.gateway.lost_replies = []
    again.gateway.rejected = rejects()
    again.gateway.always = lambda *_: None
    for _ in range(3):
        again()
    assert again.stored == sorted(good)
    assert len(again.store.lines) == bad


def test_real_storage_keeps_what_is_left_and_removes_what_is_empty(world):
    log = world.log()
    log.minute(1, 2, bad=1)
    world.gateway.rejected = rejects(2)
    world.event(log)
    world.gateway.rejected = rejects()
    names = [blob.name for blob in world.quarantine.listed()]
    assert len(names) == 2
    results = list(Resubmission(world.quarantine, world.gateway, world.clock).run(names, threading.Event()))
    assert sorted(result.left for result in results) == [0, 1]
    assert len(world.quarantined()) == 1
    assert world.stored == [1, 2]


def test_real_storage_keeps_what_was_written_in_the_meantime(world):
    name = f"{datetime(2026, 11, 23, tzinfo=UTC):y=%Y/m=%m/d=%d}/x.ndjson"
    world.quarantine.put(log_blob(), "x", [b"1"])
    _, etag = world.quarantine.read(name)
    world.quarantine.put(log_blob(), "x", [b"2"])
    for lines in ([], [b"3"]):
        with pytest.raises(Overtaken):
            world.quarantine.replace(name, lines, etag)
    assert world.quarantine.get(name) == [b"2"]
