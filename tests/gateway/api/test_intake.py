import gzip
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import anyio
import pytest
from starlette.requests import Request

from dev.gateway.local import new_customer
from gateway.api.body import Bodies
from gateway.api.errors import ApiError
from gateway.api.intake import Intake, Origin
from gateway.api.ndjson import read_lines
from gateway.clock import utc_now
from gateway.limits import DEFAULT_LIMITS
from gateway.stores.stores import open_stores
from gateway.traffic.budget import Budget
from tests.gateway.client import ndjson, record


@pytest.fixture(name="stores")
def _stores(tmp_path):
    stores = open_stores(tmp_path)
    yield stores
    stores.close()


def post(body=None, bodies=None):
    body = gzip.compress(ndjson(record())) if body is None else body

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/x-ndjson"), (b"content-encoding", b"gzip")]
    app = SimpleNamespace(state=SimpleNamespace(bodies=bodies or Bodies(1_000_000, 1_000_000)))
    return Request({"type": "http", "app": app, "headers": headers}, receive)


def test_however_many_posts_of_one_customer_are_slow_to_read_anothers_is_stored_at_once(stores):
    one, other = (new_customer(stores.database, name).number for name in ("one", "other"))
    may_end = threading.Event()

    def slowly(body, limit):
        may_end.wait(20)
        return read_lines(body, limit)

    async def play():
        intake = Intake(stores, DEFAULT_LIMITS, utc_now)
        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(intake.take, post(), Origin(one, f"{number}"), slowly)
            await anyio.wait_all_tasks_blocked()
            try:
                with anyio.fail_after(10):
                    answer = await intake.take(post(), Origin(other, "key"), read_lines)
                    assert answer["accepted"] == 1
                assert stores.records.count(one) == 0
            finally:
                may_end.set()

    anyio.run(play)
    assert stores.records.count(one) == 8


NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


class Sent:
    """Posts of two customers, each answered with how many seconds to wait, or None if it was taken."""

    def __init__(self, stores):
        self.now = NOW
        self.one, self.other = (new_customer(stores.database, name).number for name in ("one", "other"))
        self._intake = Intake(stores, DEFAULT_LIMITS, lambda: self.now)
        self._keys = iter(range(1000))

    async def send(self, customer, body=None, key=None):
        key = f"{next(self._keys)}" if key is None else key
        try:
            await self._intake.take(post(body), Origin(customer, key), read_lines)
        except ApiError as refused:
            if refused.code != "busy":
                raise
            return int(refused.headers["Retry-After"])
        return None


def names(first, count):
    return gzip.compress(ndjson(*(record(rule=f"rule {number}") for number in range(first, first + count))))


@pytest.mark.parametrize(
    "body",
    [
        names(0, 20_000),
        gzip.compress(b'{"time":1}\n' * 20_000),
        gzip.compress(ndjson(*(record(time=hour * 3_600_000) for hour in range(280_000, 300_000)))),
    ],
    ids=["names", "rejected lines", "hours"],
)
def test_a_sender_that_makes_the_gateway_work_waits_once_another_posts_and_the_other_never_does(stores, body):
    async def play():
        sent = Sent(stores)
        assert await sent.send(sent.one, body) is None, "Nobody else was there."
        assert await sent.send(sent.other) is None
        wait = await sent.send(sent.one)
        assert wait in (4, 5)
        assert await sent.send(sent.one, body, key="0") is None, "What was stored is answered again."
        assert await sent.send(sent.other) is None
        sent.now += timedelta(seconds=wait)
        assert await sent.send(sent.other) is None
        assert await sent.send(sent.one) is None

    anyio.run(play)


def test_of_posts_that_came_in_together_those_wait_that_follow_one_that_made_the_gateway_work(stores):
    async def play():
        sent = Sent(stores)
        await sent.send(sent.other)
        waits = []

        async def send(number):
            waits.append(await sent.send(sent.one, names(number * 20_000, 20_000)))

        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(send, number)
        assert waits.count(None) == 2, "There are two threads for a customer."
        assert stores.records.count(sent.one) == 40_000

    anyio.run(play)


def test_lines_that_are_refused_as_a_whole_count_too(stores):
    async def play():
        sent = Sent(stores)
        await sent.send(sent.other)
        with pytest.raises(ApiError, match="NDJSON"):
            await sent.send(sent.one, gzip.compress(b"x\n" * 20_000))
        assert await sent.send(sent.one) == 4
        assert await sent.send(sent.other) is None

    anyio.run(play)


def test_a_body_takes_room_until_it_is_stored(stores):
    one, bodies = new_customer(stores.database, "one").number, Bodies(1_000_000, 1_000_000)
    taken = []

    def read(body, limit):
        taken.append(bodies.taken)
        return read_lines(body, limit)

    body = names(0, 10)

    async def play():
        await Intake(stores, DEFAULT_LIMITS, utc_now).take(post(body, bodies), Origin(one, "key"), read)

    anyio.run(play)
    assert (taken, bodies.taken) == ([len(body)], 0)


def test_a_post_that_would_pass_the_budget_counts_too(stores):
    async def play():
        sent = Sent(stores)
        stores.budgets.set(sent.one, Budget(texts=5, stored_bytes=10**9))
        await sent.send(sent.other)
        with pytest.raises(ApiError, match="budget"):
            await sent.send(sent.one, names(0, 20_000))
        assert await sent.send(sent.one) == 4

    anyio.run(play)
