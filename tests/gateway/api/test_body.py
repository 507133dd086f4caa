import asyncio
import gzip
import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request

from gateway.api.body import Bodies, inflate, read_body
from gateway.api.errors import ApiError

LIMIT = 100_000


def inflated(compressed: bytes) -> bytes:
    return b"".join(inflate(compressed, LIMIT))


def refusal(compressed: bytes) -> tuple[int, str]:
    with pytest.raises(ApiError) as raised:
        inflated(compressed)
    return raised.value.status, raised.value.code


@given(st.lists(st.binary(max_size=1000), min_size=1, max_size=5))
def test_gzip_members_are_inflated_one_after_the_other(members):
    assert inflated(b"".join(gzip.compress(member) for member in members)) == b"".join(members)


@pytest.mark.parametrize("size", [4095, 4096, 4097, 65_535, 65_536, 65_537, LIMIT])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_body_of_many_steps_comes_out_whole(size, level):
    for whole in (bytes(size), random.Random(size).randbytes(size)):
        assert inflated(gzip.compress(whole, level)) == whole


def test_a_body_as_large_as_the_limit_is_taken_and_one_byte_more_is_not():
    assert len(inflated(gzip.compress(bytes(LIMIT)))) == LIMIT
    assert refusal(gzip.compress(bytes(LIMIT + 1))) == (413, "too_large")
    assert refusal(gzip.compress(bytes(LIMIT)) + gzip.compress(b"x")) == (413, "too_large")


def test_a_bomb_is_stopped_while_it_inflates():
    bomb = gzip.compress(bytes(50_000_000), 9)
    tracemalloc.start()
    try:
        assert refusal(bomb) == (413, "too_large")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * LIMIT


@given(st.data())
def test_a_body_cut_anywhere_is_to_be_sent_again(data):
    whole = gzip.compress(b"some text of some length, to be cut")
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert refusal(whole[:cut]) == (408, "cut_short")


@pytest.mark.parametrize(
    "body",
    [b"no gzip", zlib.compress(b"x"), gzip.compress(b"x") + b"more", gzip.compress(b"xy")[:-5] + bytes(5)],
    ids=["another text", "zlib", "bytes after the end", "another check sum"],
)
def test_what_is_not_gzip_or_was_damaged_is_refused(body):
    assert refusal(body) == (400, "bad_gzip")


def test_a_body_whose_sender_goes_away_is_to_be_sent_again():
    messages = iter([{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}])

    async def receive():
        return next(messages)

    with pytest.raises(ApiError) as raised:
        asyncio.run(read_body(of_an_app(receive, Bodies(LIMIT, LIMIT)), LIMIT, 60))
    assert (raised.value.status, raised.value.code) == (408, "cut_short")


def of_an_app(receive, bodies):
    app = Starlette()
    app.state.bodies = bodies
    return Request({"type": "http", "app": app}, receive)


def test_all_bodies_that_are_received_together_have_a_limit_and_one_that_ended_counts_no_more():
    bodies = Bodies(10, 10)

    async def receive_together():
        goes_on = asyncio.Event()

        async def slow():
            await goes_on.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        def messages(first):
            ready = [{"type": "http.request", "body": first, "more_body": True}]

            async def receive():
                return ready.pop() if ready else await slow()

            return receive

        first = asyncio.create_task(read_body(of_an_app(messages(b"six..."), bodies), LIMIT, 60))
        await asyncio.sleep(0)
        with pytest.raises(ApiError) as raised:
            await read_body(of_an_app(messages(b"five."), bodies), LIMIT, 60)
        goes_on.set()
        return raised.value, await first, await read_body(of_an_app(messages(b"0123456789"), bodies), LIMIT, 60)

    refused, first, after = asyncio.run(receive_together())
    assert (refused.status, refused.code, refused.headers) == (503, "busy", {"Retry-After": "5"})
    assert (first, after) == (b"six...", b"0123456789")


@pytest.mark.parametrize("mine", [1, None])
def test_bodies_of_one_customer_or_of_strangers_leave_room_for_anothers(mine):
    bodies = Bodies(10, 6)
    with bodies.receiving(mine) as grow, bodies.receiving(2) as others_grow:
        grow(6)
        with pytest.raises(ApiError, match="at once"):
            grow(1)
        others_grow(4)
        with pytest.raises(ApiError, match="at once"):
            others_grow(1)
    assert bodies.taken == 0
    with bodies.receiving(mine) as grow:
        grow(6)
