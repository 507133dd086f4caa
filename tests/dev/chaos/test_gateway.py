"""The gateway that fails as a schedule asks, over real HTTP."""

import gzip
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random

import pytest
import requests

from dev.chaos.failures import Failure, Refusal
from dev.chaos.logs import REFUSED_ADDRESS, REJECTED_ADDRESS, LogWriter
from dev.flowlogs.nics import Format, Load, Nic
from shared.flowlog import decode

NIC = Nic(Format.NSG_2, 1, Load.SPARSE)
LINES = [
    line
    for writer in [LogWriter(Random(1), {})]
    for _ in range(4)
    for line in decode(writer.chunk(NIC, datetime(2026, 11, 23, 10, 4, tzinfo=UTC)).data).lines
]


class Sender:
    """A customer of the gateway that posts lines."""

    def __init__(self, control, failures=None, *, takes_more_later=True):
        self.control = control
        self.customer = control.begin(str(uuid.uuid4()), takes_more_later=takes_more_later)
        control.plan(self.customer, failures or {})

    def post(self, lines, key=None, seconds=10.0):
        return requests.post(
            f"{self.control.url}/qas/flow-logs",
            data=gzip.compress("\n".join([*lines, ""]).encode()),
            headers={
                "Authorization": f"Bearer {self.customer.token}",
                "Content-Type": "application/x-ndjson",
                "Content-Encoding": "gzip",
                "Idempotency-Key": key or str(uuid.uuid4()),
            },
            allow_redirects=False,
            timeout=seconds,
        )

    @property
    def arrived(self):
        return self.control.arrived(self.customer)


@pytest.fixture
def sender(world):
    return lambda failures=None, **options: Sender(world.gateway, failures, **options)


def to(address, line):
    return json.dumps(json.loads(line) | {"dst_ip": address}, separators=(",", ":"))


def test_the_nth_post_fails_as_planned_and_nothing_of_it_is_stored(sender):
    some = sender({2: Failure.AWAY})
    assert [some.post(LINES[:2]).status_code, some.post(LINES[2:4]).status_code] == [202, 503]
    assert some.arrived.stored.total() == 2
    assert some.arrived.hits == {Failure.AWAY.value: 1}


def test_a_lost_reply_leaves_the_records_stored(sender):
    some = sender({1: Failure.LOST_REPLY})
    with pytest.raises(requests.ConnectionError):
        some.post(LINES[:2], "K")
    assert some.arrived.stored.total() == 2
    assert some.post(LINES[:2], "K").json()["duplicate"] is True
    assert (some.arrived.sent_twice, some.arrived.stored.total()) == (2, 2)


def test_one_customer_s_failures_are_not_another_s(sender):
    sender({1: Failure.BROKEN})
    assert sender().post(LINES[:1]).status_code == 202


def test_a_new_plan_counts_from_the_next_post_on_and_replaces_the_old_one(sender):
    some = sender({1: Failure.BROKEN, 2: Failure.BROKEN})
    assert some.post(LINES[:1]).status_code == 500
    some.control.plan(some.customer, {2: Failure.AWAY})
    assert [some.post(LINES[number:][:1]).status_code for number in range(3)] == [202, 503, 202]


def test_a_batch_that_is_stored_or_is_a_single_line_is_never_too_large(sender):
    some = sender(dict.fromkeys((2, 3, 4), Failure.TOO_LARGE))
    statuses = [some.post(LINES[:2], "K").status_code, some.post(LINES[:2], "K").status_code]
    statuses += [some.post(LINES[2:3]).status_code, some.post(LINES[3:5]).status_code]
    assert statuses == [202, 202, 202, 413]


@pytest.mark.parametrize(("takes_more_later", "status"), [(True, 202), (False, 413)])
def test_a_batch_that_was_too_large_may_be_taken_later_if_the_schedule_says_so(sender, takes_more_later, status):
    some = sender({1: Failure.TOO_LARGE}, takes_more_later=takes_more_later)
    assert some.post(LINES[:2], "K").status_code == 413
    assert some.post(LINES[:2], "K").status_code == status


def test_a_batch_with_a_line_that_is_not_wanted_is_refused_and_without_it_taken(sender):
    some = sender()
    assert some.post([to(REFUSED_ADDRESS, LINES[0]), LINES[1]]).status_code == 400
    assert some.post([LINES[1]]).status_code == 202
    assert some.arrived.hits == {Refusal.LINE_REFUSED.value: 1}


def test_a_line_that_is_to_be_rejected_is_left_out_and_its_neighbours_stored(sender):
    some = sender()
    answer = some.post([LINES[0], to(REJECTED_ADDRESS, LINES[1]), LINES[2]]).json()
    assert (answer["accepted"], [item["line"] for item in answer["rejected"]]) == (2, [1])
    assert some.arrived.stored.total() == 2


def test_a_revoked_token_is_refused_until_there_is_a_new_one(sender):
    some = sender()
    some.control.refuse_token(some.customer)
    assert some.post(LINES[:1]).status_code == 401
    some.customer = some.control.renew_token(some.customer)
    assert some.post(LINES[:1]).status_code == 202
    assert not some.arrived.unexpected


def test_an_answer_that_nothing_explains_is_reported(sender):
    some = sender()
    assert some.post(LINES[:1], "K").status_code == 202
    assert some.post(LINES[1:2], "K").status_code == 409
    assert some.arrived.unexpected == {"409": 1}


def test_a_held_post_is_in_progress_until_its_sender_is_gone_and_is_stored_then(sender):
    some = sender()
    some.control.hold("held-before", 0.3)
    with ThreadPoolExecutor(1) as pool:
        gone = pool.submit(some.post, LINES[:2], "held-before", 1.0)
        assert some.control.wait_until_held("held-before")
        assert some.post(LINES[:2], "held-before").status_code == 425
        assert isinstance(gone.exception(), requests.Timeout)
    while (answer := some.post(LINES[:2], "held-before")).status_code == 425:
        pass
    assert answer.json()["duplicate"] is True
    assert some.arrived.stored.total() == 2


def test_a_post_held_after_storing_is_stored_when_its_sender_is_told_to_be_gone(sender):
    some = sender()
    some.control.hold("held-after", None)
    with ThreadPoolExecutor(1) as pool:
        gone = pool.submit(some.post, LINES[:2], "held-after", 1.0)
        assert some.control.wait_until_held("held-after")
        assert some.arrived.stored.total() == 2
        assert isinstance(gone.exception(), requests.Timeout)
    assert some.post(LINES[:2], "held-after").json()["duplicate"] is True
