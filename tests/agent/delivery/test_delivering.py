import gzip

import pytest

from agent.delivery.backoff import Backoff
from agent.delivery.delivering import Delivery
from agent.delivery.spool import Spool, make_batch
from tests.support.secrets import TOKEN, forms, traces


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


@pytest.fixture
def delivery(spool, edge, clock):
    return Delivery(spool, edge, Backoff(chance=lambda: 1.0), clock)


def batch(number, lines=1):
    return make_batch(1_795_521_600_000 + number, lines, b'{"a":1}\n' * lines)


def refused(directory):
    return sorted((directory / "spool" / "refused").iterdir())


def test_the_oldest_interval_goes_first_and_then_the_next(spool, delivery, standing_in):
    for number in range(3):
        spool.add(batch(number))
    assert [delivery.step() for _ in range(4)] == [0, 0, 0, None]
    assert [post.key.partition(":")[2] for post in standing_in.posts] == [str(batch(n).start_ms) for n in range(3)]
    assert len(spool) == 0


def test_an_empty_interval_is_sent_too(spool, delivery, standing_in):
    spool.add(batch(0, lines=0))
    delivery.step()
    assert [post.records for post in standing_in.posts] == [[]]


def test_an_edge_that_is_away_loses_nothing(spool, delivery, standing_in, clock, caplog):
    for number in range(60):
        spool.add(batch(number))
    waits = []
    for _ in range(12):
        standing_in.script.append((503, {}, {}))
        waits.append(delivery.step())
        clock.move(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert caplog.text.count("answers 503. 60 intervals are waiting.") == 1
    while delivery.step() is not None:
        pass
    assert len(standing_in.posts) == 60
    assert "accepts intervals again" in caplog.text


def test_what_the_edge_asks_for_is_honoured(spool, delivery, standing_in, clock):
    spool.add(batch(0))
    standing_in.script.append((429, {"Retry-After": "120"}, {}))
    assert delivery.step() == 120
    clock.move(100)
    assert delivery.step() == pytest.approx(20)  # woken early, it leaves the edge alone
    assert standing_in.posts == []
    clock.move(20)
    assert delivery.step() == 0
    assert len(standing_in.posts) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 307])
def test_a_refused_token_or_a_wrong_address_keeps_everything_and_waits(spool, delivery, standing_in, clock, status):
    spool.add(batch(0))
    for _ in range(3):
        standing_in.script.append((status, {}, {}))
        assert delivery.step() == 60
        clock.move(60)
    assert (len(spool), spool.dropped) == (1, 0)
    assert delivery.step() == 0


def test_a_token_file_that_is_wrong_keeps_everything_and_waits(spool, delivery, token_file, clock, caplog):
    spool.add(batch(0))
    token_file.chmod(0o644)
    assert delivery.step() == 60
    assert "chmod 600" in caplog.text
    token_file.chmod(0o600)
    clock.move(60)
    assert delivery.step() == 0


@pytest.mark.parametrize("status", [400, 409, 413])
def test_a_refused_interval_is_set_aside_and_holds_up_no_other(spool, delivery, standing_in, tmp_path, status, caplog):
    spool.add(batch(0))
    spool.add(batch(1))
    standing_in.script.append((status, {}, {"error": {"code": "x", "message": "the reason"}}))
    assert [delivery.step() for _ in range(3)] == [0, 0, None]
    assert [post.key.partition(":")[2] for post in standing_in.posts] == [str(batch(1).start_ms)]
    data, reason = refused(tmp_path)
    assert data.read_bytes() == batch(0).body
    assert reason.read_text() == f"{standing_in.address} answers {status}: the reason\n"
    assert "set aside" in caplog.text


def test_rejected_records_are_set_aside_with_their_reasons(spool, delivery, standing_in, tmp_path):
    spool.add(make_batch(1_795_521_600_000, 3, b"one\ntwo\nthree\n"))
    rejected = [{"line": 2, "reason": "bad port"}, {"line": 0, "reason": "bad port"}, {"line": 9, "reason": "none"}]
    standing_in.script.append((200, {}, {"accepted": 0, "duplicate": False, "rejected": rejected}))
    assert [delivery.step(), delivery.step()] == [0, None]
    data, reason = refused(tmp_path)
    assert gzip.decompress(data.read_bytes()) == b"one\nthree\n"
    assert reason.read_text() == "bad port; none\n"


@pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 422])
def test_a_firewall_before_the_edge_that_refuses_an_interval_leaves_it_where_it_is(
    spool, delivery, standing_in, clock, tmp_path, status, caplog
):
    spool.add(batch(0))
    for _ in range(2):
        standing_in.script.append((status, {}, b"<html><h1>Forbidden</h1></html>"))
        assert delivery.step() == 60
        clock.move(60)
    assert caplog.text.count("not in the edge's own form") == 1
    assert (len(spool), refused(tmp_path)) == (1, [])
    assert delivery.step() == 0
    assert len(standing_in.posts) == 1


def test_nothing_of_the_token_is_in_the_log_or_in_the_spool_whatever_the_edge_repeats(
    spool, delivery, standing_in, tmp_path, caplog
):
    texts = [text for texts in forms(TOKEN).values() for text in texts]
    for number, text in enumerate(texts[:4]):
        standing_in.script.append((400, {}, {"error": {"code": "bad_agent", "message": text}}))
        spool.add(batch(number))
    for number in range(0, len(texts), 4):  # so that each is one of the few that are shown
        rejected = [{"line": line, "reason": text} for line, text in enumerate(texts[number : number + 4])]
        standing_in.script.append((200, {}, {"accepted": 0, "duplicate": False, "rejected": rejected}))
        spool.add(batch(10 + number, lines=len(rejected)))
    while delivery.step() is not None:
        kept = [file.read_text() for file in refused(tmp_path) if file.suffix == ".txt"]
        assert kept
        assert not traces(TOKEN, "".join([*kept, caplog.text]))


def test_the_edge_is_told_how_many_intervals_were_dropped(tmp_path, edge, clock, standing_in):
    spool = Spool(tmp_path / "spool", intervals_max=1)
    for number in range(3):
        spool.add(batch(number))
    Delivery(spool, edge, Backoff(), clock).step()
    assert standing_in.posts[0].headers["Agent-Dropped-Intervals"] == "2"
