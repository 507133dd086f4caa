import time

import pytest

from benchmarks.gateway import gateway
from shared.apigw.client import GatewayClient, Receipt
from shared.apigw.token import FixedToken
from shared.clock import SystemClock
from shared.delivery.batch import Batch
from shared.secret import Secret

BODY = Batch((0,), ["{}", "{}"]).body()


@pytest.fixture(scope="module", name="running")
def _running():
    with gateway() as running:
        yield running


def client(url: str) -> GatewayClient:
    return GatewayClient(url, FixedToken(Secret("any")), SystemClock())


def test_the_stand_in_answers_as_a_gateway_does_and_counts(running):
    before = running.taken()
    assert client(running.url()).post_flow_logs(BODY, 2, "key") == Receipt(2, (), duplicate=False)
    after = running.taken()
    assert (after.posts - before.posts, after.records - before.records) == (1, 2)


def test_the_stand_in_takes_the_time_that_its_address_says(running):
    begun = time.monotonic()
    client(running.url(latency_ms=50)).post_flow_logs(BODY, 2, "key")
    assert time.monotonic() - begun >= 0.05
