import json
from collections import Counter
from functools import partial
from queue import SimpleQueue

import pytest
import requests

from dev.gateway.faults import NOT_JSON, WRONG_SUM, Answer, Faults, LostReply, Reset, Slow, read_plan
from dev.gateway.local import new_customer, run_in_thread
from tests.gateway.client import Client, code, ndjson, record


@pytest.fixture(scope="module")
def faults():
    """The faults of this module's gateway."""
    return Faults()


@pytest.fixture(scope="module")
def faulty_log():
    """The request log of this module's gateway."""
    return SimpleQueue()


@pytest.fixture(scope="module")
def faulty(tmp_path_factory, faults, faulty_log):
    """A gateway that fails as it is told."""
    with run_in_thread(tmp_path_factory.mktemp("faulty"), faults=faults, sink=faulty_log.put) as running:
        yield running


@pytest.fixture
def victim(faulty, request):
    """A client of a customer of its own at the gateway that fails."""
    customer = new_customer(faulty.stores.database, request.node.name)
    return Client(faulty.url, customer.subscription_token, customer.number)


BODY = ndjson(record())


def entry_of(log, fault):
    """The next entry of the request log with a fault; it may be written after the sender has its answer."""
    return next(entry for entry in iter(partial(log.get, timeout=20), None) if entry.get("fault") == fault)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 413, 429, 503])
def test_an_answer_on_demand_stores_nothing(faulty, faults, victim, status):
    faults.play(Answer(status, retry_after=7))
    answer = victim.post(BODY)
    assert code(answer) == (status, "fault_on_demand")
    assert answer.headers["Retry-After"] == "7"
    assert ("Location" in answer.headers) == (status == 302)
    assert faulty.stores.records.count(victim.customer) == 0
    assert victim.post(BODY).json() == {"accepted": 1, "duplicate": False, "rejected": []}


def test_an_answer_may_say_accepted_and_not_add_up_or_be_no_json(faulty, faults, victim):
    faults.play(WRONG_SUM, NOT_JSON)
    wrong, no_json = victim.post(BODY), victim.post(BODY)
    assert wrong.status_code == no_json.status_code == 202
    assert wrong.json()["accepted"] > 1
    with pytest.raises(requests.JSONDecodeError):
        no_json.json()
    assert faulty.stores.records.count(victim.customer) == 0


def test_a_reset_connection_stores_nothing(faulty, faults, faulty_log, victim):
    faults.play(Reset())
    with pytest.raises(requests.ConnectionError):
        victim.post(BODY)
    assert faulty.stores.records.count(victim.customer) == 0
    assert victim.post(BODY).json()["duplicate"] is False
    assert entry_of(faulty_log, "reset")["status"] is None


def test_a_lost_reply_has_stored_everything(faulty, faults, faulty_log, victim):
    faults.play(LostReply())
    with pytest.raises(requests.ConnectionError):
        victim.post(BODY)
    assert faulty.stores.records.count(victim.customer) == 1
    assert victim.post(BODY).json() == {"accepted": 1, "duplicate": True, "rejected": []}
    lost = entry_of(faulty_log, "lost-reply")
    assert (lost["status"], lost["records"], lost["duplicate"]) == (None, 1, False)


def test_a_slow_gateway_outlasts_a_sender_without_patience(faults, victim):
    faults.play(Slow(0.5))
    with pytest.raises(requests.ReadTimeout):
        requests.post(victim.url + "/qas/flow-logs", data=b"", timeout=0.1)


def test_faults_leave_other_calls_alone(faults, victim):
    faults.play(Answer(503))
    assert victim.call("GET", "/qas/subscription-token").status_code == 200
    assert victim.post(BODY).status_code == 503


def test_a_script_is_played_in_its_order_and_counted():
    faults = Faults([Answer(503), None, LostReply()])
    assert [faults.next() for _ in range(4)] == [Answer(503), None, LostReply(), None]
    assert faults.hits == Counter({"answer 503": 1, "lost-reply": 1})


def test_chances_are_met_as_often_as_they_say_and_the_same_way_again():
    def play():
        faults = Faults(chances=[(0.2, Reset()), (0.3, Answer(429))], seed=5)
        return [faults.next() for _ in range(1000)], faults.hits

    (met, hits), again = play(), play()
    assert (met, hits) == again
    assert 150 < hits["reset"] < 250
    assert 250 < hits["answer 429"] < 350


def test_a_plan_is_read_from_json():
    plan = {
        "seed": 1,
        "script": [
            {"answer": 503, "retryAfter": 2},
            None,
            {"slow": 0.5},
            "wrong-sum",
            "not-json",
            "reset",
            "lost-reply",
        ],
        "chances": [[1, {"answer": 401}]],
    }
    faults = read_plan(json.dumps(plan).encode())
    script = [faults.next() for _ in plan["script"]]
    assert script == [Answer(503, 2), None, Slow(0.5), WRONG_SUM, NOT_JSON, Reset(), LostReply()]
    assert faults.next() == Answer(401)


@pytest.mark.parametrize("plan", [b"{", b"[]", b'{"script": ["explode"]}', b'{"chances": ["reset"]}', b'{"seeds": 1}'])
def test_a_plan_that_makes_no_sense_is_refused(plan):
    with pytest.raises(ValueError, match=r"."):
        read_plan(plan)
