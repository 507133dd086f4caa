"""Whoever does not show who they are waits, and nobody else; the time is the test's own."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from gateway import strangers
from gateway.strangers import Strangers

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


class Time:
    """A clock that moves on as somebody sleeps."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time(monkeypatch):
    made = Time()
    monkeypatch.setattr(strangers.anyio, "sleep", made.sleep)
    return made


@pytest.fixture
def ask(time):
    """Sends a request, which shows who it is on `/known`; gives how long it waited."""

    async def app(scope, _receive, _send):
        if scope.get("path") == "/known":
            scope["state"]["customer"] = 1

    layers = {proxied: Strangers(app, time, behind_a_proxy=proxied, at_once=3) for proxied in (False, True)}

    def send(path="/", address="192.0.2.1", *, proven=False, forwarded=None):
        headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
        state = {"is_proven": lambda: proven}
        scope = {"type": "http", "path": path, "client": (address, 1), "headers": headers, "state": state}
        began = time.now
        anyio.run(layers[forwarded is not None], scope, None, None)
        return time.now - began

    return send


NONE = timedelta(0)
PAUSE = strangers.PAUSE


def test_an_address_has_some_requests_at_once_and_then_one_after_each_pause(ask, time):
    assert [ask() for _ in range(5)] == [NONE, NONE, NONE, PAUSE, PAUSE]
    time.now += 10 * PAUSE
    assert [ask() for _ in range(4)] == [NONE, NONE, NONE, PAUSE]


def test_another_address_waits_for_nobody(ask):
    for _ in range(9):
        ask()
    assert ask(address="192.0.2.2") == NONE


def test_requests_that_show_a_good_token_count_for_nothing(ask):
    assert [ask("/known") for _ in range(20)] == [NONE] * 20
    assert [ask() for _ in range(4)] == [NONE, NONE, NONE, PAUSE]


def test_a_connection_that_has_shown_one_never_waits_whoever_shares_its_address(ask):
    for _ in range(9):
        ask()
    assert [ask(proven=True) for _ in range(20)] == [NONE] * 20


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_says(ask):
    assert [ask(forwarded="198.51.100.1") for _ in range(4)] == [NONE, NONE, NONE, PAUSE]
    assert ask(forwarded="198.51.100.2") == NONE


def test_what_is_not_a_request_does_not_wait(time):
    seen = []

    async def app(scope, _receive, _send):
        seen.append(scope["type"])

    anyio.run(Strangers(app, time, behind_a_proxy=False), {"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]


def test_of_many_that_wait_together_each_has_its_turn_and_those_beyond_ten_seconds_are_refused(monkeypatch):
    slept, answers = [], []

    async def sleep(seconds):
        slept.append(timedelta(seconds=seconds))

    async def app(_scope, _receive, _send):
        pass

    async def send(message):
        answers.append(message)

    async def play():
        layer = Strangers(app, lambda: NOW, behind_a_proxy=False, at_once=1)
        for _ in range(300):
            await layer({"type": "http", "client": ("192.0.2.1", 1), "headers": []}, None, send)

    monkeypatch.setattr(strangers.anyio, "sleep", sleep)
    anyio.run(play)
    assert slept == [number * PAUSE for number in range(201)]
    assert [each["status"] for each in answers if "status" in each] == [429] * 99
