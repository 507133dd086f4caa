import gzip
import math
import multiprocessing
import random
import time

import pytest

from benchmarks import bodies, hostility
from benchmarks.attacking import Target, under
from gateway.api.ndjson import read_lines

NOBODY = Target("http://127.0.0.1:9", None)


def gives_up(_target, count):
    count.add(1)


def never_begins(_target, _count):
    raise RuntimeError("no")


def goes_on(_target, count):
    while True:
        count.add(10)
        time.sleep(0.01)


@pytest.mark.parametrize("attack", [gives_up, never_begins])
def test_an_attack_that_does_not_continue_is_not_a_measurement(attack):
    with pytest.raises(RuntimeError, match=r"did not begin|before its time"):
        _wait_for_the_end_of(attack)


def _wait_for_the_end_of(attack):
    with under(attack, NOBODY):
        for process in multiprocessing.active_children():
            process.join(20)


def test_what_an_attack_does_is_counted():
    with under(goes_on, NOBODY) as count:
        begun = count.so_far
        while (done := count.so_far - begun).requests < 5:
            pass
    assert done.size == 10 * done.requests


@pytest.mark.parametrize(
    "make", [bodies.usual, bodies.long_texts, bodies.many_texts, bodies.many_hours, bodies.many_addresses]
)
def test_what_senders_invent_are_records_that_the_gateway_takes(make):
    batch = read_lines(make(random.Random(1), 200), 200)
    assert (batch.accepted, batch.rejected) == (200, [])


def test_lines_that_are_no_record_are_all_rejected():
    batch = read_lines(bodies.no_records(random.Random(1), 200), 200)
    assert (batch.accepted, len(batch.rejected)) == (0, 200)


@pytest.mark.parametrize("size", [5_000, 50_000, 300_000])
def test_a_usual_body_is_as_large_as_it_is_asked_to_be(size):
    body = bodies.usual_body(random.Random(2), bodies.usual_records(size))
    assert len(body) == pytest.approx(size, rel=0.15)
    assert gzip.decompress(body)


@pytest.mark.long
def test_each_attack_is_measured_beside_as_many_requests_and_bytes(monkeypatch):
    monkeypatch.setattr(hostility, "_SETTLING", 0.2)
    cases = {name: hostility.CASES[name] for name in ("lines that are no record", "wrong tokens")}
    result = hostility.measure(seconds=3, records=10_000, cases=cases)
    loads, suffered, _memory = result.tables
    assert [row[0] for row in loads.rows] == [row[0] for row in suffered.rows] == list(cases)
    (_, attack, beside, *_), (_, flood, nothing, *_) = loads.rows
    assert 0 < beside <= 2 * attack
    assert flood > 0
    assert nothing == 0
    assert all(math.isfinite(figure.value) for figure in result.figures)
    assert len(result.figures) == 4 * len(cases)
