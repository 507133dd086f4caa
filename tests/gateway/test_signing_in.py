from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from gateway.signing_in import SigningIn, TooManyTriesError
from gateway.stores.audit_log import Action
from gateway.stores.passwords import hash_password
from gateway.stores.stores import open_stores
from tests.examples import examples

_FIRST = ip_address("198.18.0.1")
_hosts = count()
ADDRESSES = {"here": "192.0.2.1", "there": "192.0.2.2", "elsewhere": "198.51.100.7"}


async def _nothing():
    await anyio.sleep_forever()


def request_of(host, receive=_nothing):
    """A request that a proxy passes on, of somebody who waits for the answer."""
    headers = [(b"x-forwarded-for", host.encode())]
    return Request({"type": "http", "headers": headers, "client": None}, receive)


@pytest.fixture
def stores(tmp_path):
    with open_stores(tmp_path) as opened:
        opened.accounts.add_user("ada", opened.accounts.add_customer("customer"), "right")
        yield opened


@pytest.fixture
def signing_in(stores, clock):
    return SigningIn(stores, clock.now, behind_a_proxy=True)


@pytest.fixture
def attempt(signing_in):
    def run(name, password="wrong", host=None, device=None):
        request = request_of(host or str(_FIRST + next(_hosts)))
        try:
            user = anyio.run(signing_in.user, request, name, password, Action.SIGNED_IN, device)
        except TooManyTriesError:
            return "wait"
        return "wrong" if user is None else "in"

    return run


def test_many_names_tried_from_one_address_hold_up_nobody_s_right_password(attempt):
    assert {attempt(f"name-{number}", host="192.0.2.1") for number in range(400)} == {"wrong"}
    assert attempt("ada", "right", host="192.0.2.1") == "in"


def test_one_address_does_not_use_up_the_tries_of_a_name(attempt):
    assert [attempt("ada", host="192.0.2.1") for _ in range(11)] == ["wrong"] * 10 + ["wait"]
    assert attempt("ada", "right", host="192.0.2.2") == "in"


def test_guesses_at_a_name_from_many_addresses_are_held_up_together(attempt):
    assert [attempt("ada") for _ in range(31)] == ["wrong"] * 30 + ["wait"]
    assert attempt("ada", "right") == "wait"
    assert attempt("ada", "right", device="hers") == "in"


def test_a_password_is_changed_whatever_others_try_with_the_name(attempt, signing_in, stores):
    while attempt("ada") != "wait":
        pass
    user = stores.accounts.sign_in("ada", "right")
    assert anyio.run(signing_in.change_password, request_of("192.0.2.1"), user, "right", "a new password")


def test_a_try_that_must_wait_takes_none_of_the_tries_of_others(attempt, clock):
    for _ in range(100):
        attempt("ada", host="192.0.2.1")
    assert [attempt("ada") for _ in range(20)] == ["wrong"] * 20
    clock.move(60)
    assert attempt("ada", host="192.0.2.1") == "wrong"


def test_a_long_name_is_not_kept(attempt, signing_in):
    attempt("x" * 60_000)
    assert all(len(str(kind)) < 100 for kind in signing_in._of_a_name._made_up_at)


def test_more_names_than_are_remembered_bring_none_its_tries_back(signing_in):
    """A check takes 40 ms at least: so many new names fit into the time that a name takes to make up for its tries."""
    made_up_for = 30 * timedelta(seconds=30)
    assert made_up_for / timedelta(milliseconds=40) < signing_in._of_a_name._kinds


GUESS = st.tuples(
    st.just("guess"), st.sampled_from(["ada", "ben", "cleo"]), st.sampled_from(["here", "there", "elsewhere"])
)
LATER = st.tuples(st.just("later"), st.integers(0, 60), st.none())


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(GUESS | LATER, max_size=80))
def test_whatever_others_try_a_known_device_gets_in_and_nobody_guesses_faster(stores, events):
    """The limits alone, as they are asked: a plain count of what passed is the reference."""
    now = [datetime(2026, 11, 23, 15, 30, tzinfo=UTC)]
    begun, passed = now[0], Counter()
    signing_in = SigningIn(stores, lambda: now[0], behind_a_proxy=True)

    async def tries(name, host, password="wrong", device=None):
        try:
            found = await signing_in.user(request_of(host), name, password, Action.SIGNED_IN, device)
        except TooManyTriesError:
            return "wait"
        return "wrong" if found is None else "in"

    async def play():
        for event, what, host in events:
            if event == "later":
                now[0] += timedelta(seconds=what)
                continue
            told = await tries(what, ADDRESSES[host])
            passed[what] += told == "wrong"
            passed[what, host] += told == "wrong"
            if "ada" not in {name for kind, name, _ in events if kind == "guess"}:
                assert await tries("ada", ADDRESSES[host], "right") == "in"
            assert await tries("ada", ADDRESSES[host], "right", "hers") == "in"

    anyio.run(play)
    made_up_for = (now[0] - begun) // timedelta(seconds=30)
    for kind, tries_of_it in passed.items():
        assert tries_of_it <= (10 if isinstance(kind, tuple) else 30) + made_up_for


def test_who_leaves_while_others_are_checked_costs_no_check(stores, clock, monkeypatch):
    checked = []
    monkeypatch.setattr(stores.accounts.__class__, "sign_in", lambda _, name, __: checked.append(name))

    async def play():
        signing_in = SigningIn(stores, clock.now, behind_a_proxy=True)
        async with anyio.create_task_group() as tasks, signing_in._turns.turn("somebody else"):
            await_gone = anyio.Event()

            async def gone():
                await await_gone.wait()
                return {"type": "http.disconnect"}

            async def leave():
                with pytest.raises(TooManyTriesError):
                    await signing_in.user(request_of("192.0.2.1", gone), "left", "wrong", Action.SIGNED_IN)

            tasks.start_soon(leave)
            tasks.start_soon(signing_in.user, request_of("192.0.2.1"), "stays", "wrong", Action.SIGNED_IN)
            await anyio.wait_all_tasks_blocked()
            await_gone.set()
            await anyio.wait_all_tasks_blocked()

    anyio.run(play)
    assert checked == ["stays"]


def test_passwords_are_checked_one_at_a_time_and_addresses_take_turns(stores, clock, monkeypatch):
    checked = []
    monkeypatch.setattr(stores.accounts.__class__, "sign_in", lambda _, name, __: checked.append(name))

    async def play():
        signing_in = SigningIn(stores, clock.now, behind_a_proxy=True)
        async with anyio.create_task_group() as tasks, signing_in._turns.turn("somebody else"):
            for number in range(20):
                request = request_of("192.0.2.1")
                tasks.start_soon(signing_in.user, request, f"spray-{number}", "wrong", Action.SIGNED_IN)
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(signing_in.user, request_of("192.0.2.2"), "elsewhere", "wrong", Action.SIGNED_IN)
            tasks.start_soon(signing_in.user, request_of("192.0.2.1"), "known", "wrong", Action.SIGNED_IN, "device")
            await anyio.wait_all_tasks_blocked()

    anyio.run(play)
    assert {checked.index("elsewhere"), checked.index("known")} <= {0, 1, 2, 3}


def test_a_new_password_is_hashed_before_the_transaction(signing_in, stores, monkeypatch):
    def hashed(password):
        assert not stores.database._connection.in_transaction
        return hash_password(password)

    monkeypatch.setattr("gateway.stores.accounts.hash_password", hashed)
    monkeypatch.setattr("gateway.actions.people.hash_password", hashed)
    user = stores.accounts.sign_in("ada", "right")
    assert anyio.run(signing_in.change_password, request_of("192.0.2.1"), user, "right", "new")
    assert stores.accounts.sign_in("ada", "new") == user
