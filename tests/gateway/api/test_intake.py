import gzip
import threading
from types import SimpleNamespace

import anyio
import pytest
from starlette.requests import Request

from gateway.api.body import Bodies
from gateway.api.intake import Intake, Origin
from gateway.api.ndjson import read_lines
from gateway.clock import utc_now
from gateway.limits import DEFAULT_LIMITS
from gateway.local import new_customer
from gateway.stores.stores import open_stores
from tests.gateway.client import ndjson, record


@pytest.fixture(name="stores")
def _stores(tmp_path):
    stores = open_stores(tmp_path)
    yield stores
    stores.close()


def post():
    body = gzip.compress(ndjson(record()))

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/x-ndjson"), (b"content-encoding", b"gzip")]
    app = SimpleNamespace(state=SimpleNamespace(bodies=Bodies(1_000_000, 1_000_000)))
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
