import gzip
import sqlite3
from datetime import timedelta

import pytest

from agent.foreign import refusal_in
from gateway.clock import to_ms
from gateway.stores.agents import Standing
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.tokens import TokenKind
from gateway.traffic.budget import Budget
from tests.gateway.client import agent_record, code, ndjson, record


def stored(gateway, agent):
    return list(gateway.stores.records.records(agent.customer))


@pytest.fixture
def agent(agent, accept):
    """An agent that an administrator has accepted."""
    return accept(agent)


@pytest.fixture
def answers(gateway, item):
    """Gives what the deliveries of an agent were answered, the newest first."""

    def history(agent):
        return gateway.stores.server_traffic.history(item(agent))

    return history


def test_flows_are_stored_as_sent_and_the_answer_is_the_machines_server_traffic(gateway, agent, answers, clock):
    sent = [agent_record(), agent_record(direction=None, direction_basis="unknown", src_port=40000, dst_port=22)]
    answer = agent.deliver(ndjson(*sent))
    assert answer.status_code == 200
    assert answer.json() == {"accepted": 2, "duplicate": False, "rejected": []}
    assert sorted(stored(gateway, agent), key=str) == sorted(sent, key=str)
    (kept,) = answers(agent)
    assert kept.value == f"HTTP/1.1 200 OK {clock.now():%Y-%m-%dT%H:%M:%SZ} flows=2"
    assert kept.reason == ""


def test_an_interval_without_flows_is_delivered_too(gateway, agent, answers):
    assert agent.deliver().json() == {"accepted": 0, "duplicate": False, "rejected": []}
    assert agent.deliver().json() == {"accepted": 0, "duplicate": True, "rejected": []}
    assert stored(gateway, agent) == []
    assert [(each.status, each.flows) for each in answers(agent)] == [(200, 0), (200, 0)]


def test_an_interval_that_comes_again_is_stored_once(gateway, agent, answers):
    body = ndjson(agent_record(), b"{}")
    first, again = agent.deliver(body), agent.deliver(body)
    assert again.json() == first.json() | {"duplicate": True}
    assert len(stored(gateway, agent)) == 1
    assert len(answers(agent)) == 2


def test_only_records_of_this_machines_agent_are_taken(gateway, agent, answers):
    good = agent_record(host="WEB-1")
    answer = agent.deliver(ndjson(record(), agent_record(host="db-1"), good, agent_record(links_live=-1))).json()
    assert answer["accepted"] == 1
    assert [(each["line"], each["reason"]) for each in answer["rejected"]][:2] == [
        (0, "source must be agent, not nsg"),
        (1, "host must be 'web-1', the machine of this agent, not 'db-1'"),
    ]
    assert stored(gateway, agent) == [good]
    (kept,) = answers(agent)
    assert kept.value.startswith("HTTP/1.1 200 OK ")
    assert kept.reason == "3 left out; the first, line 0: source must be agent, not nsg"


@pytest.mark.parametrize("name", ["wéb-1", "voilà", "主机"])
def test_a_machine_may_have_a_name_of_any_script(gateway, new_agent, accept, item, name):
    agent = accept(new_agent(host=name.encode()))
    answer = agent.deliver(ndjson(agent_record(host=name)), headers={"Agent-Host": name.encode()})
    assert answer.json() == {"accepted": 1, "duplicate": False, "rejected": []}
    assert gateway.stores.items.find(agent.customer, item(agent)).name == name


def test_a_delivery_makes_an_agent_known_too(gateway, new_agent, item):
    agent = new_agent()
    assert code(agent.deliver(ndjson(agent_record()))) == (403, "machine_pending")
    assert gateway.stores.items.find(agent.customer, item(agent)).state == "pending"


def test_an_agent_that_is_known_need_not_say_more_than_its_id(new_agent, accept):
    agent = new_agent()
    nothing_more = dict.fromkeys(("Agent-Host", "Agent-System", "Agent-Version", "Agent-Addresses"))
    assert code(agent.deliver(ndjson(agent_record()), headers=nothing_more)) == (403, "unknown_agent")
    accept(agent)
    assert agent.deliver(ndjson(agent_record()), headers=nothing_more).json()["accepted"] == 1
    stranger = new_agent()
    stranger.id = stranger.who["Agent-Id"] = agent.id
    assert code(stranger.deliver(ndjson(agent_record()), headers=nothing_more)) == (403, "unknown_agent")


def test_the_clock_and_what_was_dropped_are_noted(gateway, agent, clock):
    sent_at = (clock.now() - timedelta(hours=1)).isoformat()
    agent.deliver(headers={"Agent-Sent-At": sent_at, "Agent-Dropped-Intervals": "7"})
    known = gateway.stores.agents.find(agent.customer, agent.id)
    assert (known.behind, known.dropped) == (timedelta(hours=1), 7)
    for odd in ("", "yesterday", "2026-11-23T15:30:00", "9999-12-31T23:59:59-23:59"):
        assert agent.deliver(headers={"Agent-Sent-At": odd, "Agent-Dropped-Intervals": "many"}).status_code == 200
        known = gateway.stores.agents.find(agent.customer, agent.id)
        assert known.dropped == 0
    assert known.behind is None or known.behind < -timedelta(days=365_000)


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"Content-Type": "application/json"}, (415, "unsupported_media_type")),
        ({"Idempotency-Key": None}, (400, "bad_idempotency_key")),
        ({"Idempotency-Key": "0b1f6471-1bf0-4dda-aec3-cb9272f09590:0"}, (400, "bad_idempotency_key")),
        ({"Idempotency-Key": "key"}, (400, "bad_idempotency_key")),
    ],
)
def test_a_delivery_that_is_not_as_agreed_is_refused_and_the_machine_shows_why(agent, answers, headers, refusal):
    answer = agent.deliver(ndjson(agent_record()), headers=headers)
    assert code(answer) == refusal
    (kept,) = answers(agent)
    assert (kept.status, kept.flows, kept.reason) == (refusal[0], None, answer.json()["error"]["message"])


def test_a_body_that_is_not_as_agreed_is_refused_and_the_machine_shows_why(new_agent, accept, brief_edge, answers):
    agent = accept(new_agent(url=brief_edge))
    whole = gzip.compress(ndjson(agent_record()))
    assert code(agent.deliver(b"x")) == (400, "not_ndjson")
    assert code(agent.deliver(b"no gzip at all", compressed=True)) == (400, "bad_gzip")
    assert code(agent.deliver(whole[:-9], compressed=True)) == (408, "cut_short")
    assert code(agent.deliver(bytes(2001), compressed=True)) == (413, "too_large")
    assert agent.deliver(whole, compressed=True).status_code == 200
    assert code(agent.deliver(ndjson(agent_record(dst_port=1)))) == (409, "key_reused")
    assert [each.status for each in answers(agent)] == [409, 200, 413, 408, 400, 400]


def test_a_token_that_has_ended_is_shown_at_the_machine_and_one_that_never_was_is_not(gateway, agent, answers, clock):
    agent.ask()
    good = agent.token
    agent.token, made = gateway.stores.tokens.add(agent.customer, clock.now(), timedelta(days=1))
    gateway.stores.tokens.revoke(agent.customer, made.number, clock.now())
    assert code(agent.deliver()) == (401, "unauthorized")
    assert [(each.status, each.reason[:22]) for each in answers(agent)] == [(401, "The subscription token")]
    agent.token = "made up"
    assert code(agent.deliver()) == (401, "unauthorized")
    agent.token = good
    assert code(agent.deliver(headers={"Authorization": None})) == (401, "unauthorized")
    assert len(answers(agent)) == 1


def test_another_customers_ended_token_shows_nothing_at_the_machine(gateway, agent, new_agent, answers, clock):
    agent.ask()
    stranger = new_agent()
    token, made = gateway.stores.tokens.add(stranger.customer, clock.now(), timedelta(days=1))
    gateway.stores.tokens.revoke(stranger.customer, made.number, clock.now())
    own, agent.token = agent.token, token
    assert agent.deliver().status_code == 401
    agent.token = own
    assert answers(agent) == []


def test_a_fault_of_the_gateway_is_shown_at_the_machine(gateway, agent, answers, monkeypatch):
    def fail(*_arguments):
        raise RuntimeError("planted-secret")

    with monkeypatch.context() as patch:
        patch.setattr(type(gateway.stores.records), "find", fail)
        assert code(agent.deliver()) == (500, "fault")
    (kept,) = answers(agent)
    assert (kept.status, kept.reason) == (500, "The gateway failed; its log has the reason.")


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(gateway, agent, monkeypatch):
    def fail(*_arguments):
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(type(gateway.stores.server_traffic), "add", fail)
    assert agent.deliver(ndjson(agent_record())).status_code == 200
    assert agent.deliver(b"x", 1).status_code == 400


def test_an_interval_is_put_off_while_storage_fails_and_counts_once_after_it(gateway, agent, monkeypatch):
    def fail(*_arguments):
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as full:
        full.setattr(type(gateway.stores.agents), "note_delivery", fail)
        assert code(agent.deliver(ndjson(agent_record()))) == (503, "storage")
    assert agent.deliver(ndjson(agent_record())).json()["duplicate"] is True
    assert len(stored(gateway, agent)) == 1


def test_customers_do_not_share_machines_or_keys(gateway, agent, new_agent, accept):
    other = new_agent()
    other.id = other.who["Agent-Id"] = agent.id
    accept(other)
    for each, port in ((agent, 1), (other, 2)):
        assert each.deliver(ndjson(agent_record(dst_port=port))).json() == {
            "accepted": 1,
            "duplicate": False,
            "rejected": [],
        }
    assert [each["dst_port"] for each in stored(gateway, other)] == [2]


def test_nothing_of_an_agent_that_nobody_accepted_is_stored_and_its_poll_continues(gateway, new_agent, item):
    stranger = new_agent()
    forged = ndjson(agent_record(bytes_src_to_dst=10**15))
    assert code(stranger.deliver(forged)) == (403, "machine_pending")
    assert gateway.stores.records.count(stranger.customer) == 0
    assert gateway.stores.server_traffic.history(item(stranger)) == []
    assert stranger.ask().json() == {"collect": False, "etag": "idle"}


def test_an_interval_that_waited_is_taken_once_its_agent_is_accepted(gateway, new_agent, accept):
    agent = new_agent()
    for _ in range(2):
        assert code(agent.deliver(ndjson(agent_record()), 7)) == (403, "machine_pending")
    accept(agent)
    assert agent.deliver(ndjson(agent_record()), 7).json() == {"accepted": 1, "duplicate": False, "rejected": []}
    assert len(stored(gateway, agent)) == 1


def test_a_stranger_takes_over_no_machine_that_was_made_by_hand(gateway, new_agent, accept, clock):
    first = new_agent(host="srv-1")
    number = gateway.stores.items.add(first.customer, "srv-1", [], "")
    blueprint = gateway.stores.blueprints.put(
        first.customer, NewBlueprint("Minute", "", 60, "<blueprint/>"), clock.now()
    )
    gateway.stores.items.save(first.customer, number, [blueprint], [], clock.now())
    stranger = new_agent(first.customer, "SRV-1")
    for each in (stranger, first):
        assert each.ask().json() == {"collect": False, "etag": "idle"}
        assert code(each.deliver(ndjson(agent_record(host="srv-1")))) == (403, "machine_pending")
    accept(first)
    assert first.ask().json()["collect"] is True
    assert first.deliver(ndjson(agent_record(host="srv-1"))).json()["accepted"] == 1
    assert stranger.ask().json() == {"collect": False, "etag": "idle"}
    assert code(stranger.deliver(ndjson(agent_record(host="srv-1")))) == (403, "machine_pending")
    assert len(stored(gateway, first)) == 1
    assert [each.status for each in gateway.stores.server_traffic.history(number)] == [200]


def test_an_agent_that_is_accepted_on_one_machine_speaks_for_no_other(gateway, agent, new_agent, accept):
    other = accept(new_agent(agent.customer, "srv-1"))
    agent.who["Agent-Host"] = "srv-1"
    assert code(agent.deliver(ndjson(agent_record(host="srv-1")))) == (403, "machine_pending")
    assert other.deliver(ndjson(agent_record(host="srv-1"))).json()["accepted"] == 1
    assert len(stored(gateway, agent)) == 1


def test_an_agent_that_is_refused_is_told_so(gateway, agent, item, apply):
    apply(agent)
    gateway.stores.agents.decide(agent.customer, item(agent), agent.id, Standing.REFUSED)
    assert code(agent.deliver(ndjson(agent_record()))) == (403, "agent_refused")
    assert agent.ask().json() == {"collect": False, "etag": "idle"}
    assert stored(gateway, agent) == []


@pytest.mark.parametrize("kind", [TokenKind.INGEST, TokenKind.UNRESTRICTED])
def test_a_token_for_flow_logs_is_refused_at_the_edge_and_the_machine_shows_why(gateway, agent, answers, clock, kind):
    agent.token, _ = gateway.stores.tokens.add(agent.customer, clock.now(), timedelta(days=1), kind=kind)
    told = [agent.ask(), agent.deliver(ndjson(agent_record()))]
    if kind is TokenKind.UNRESTRICTED:
        assert [each.status_code for each in told] == [200, 200]
        return
    assert [code(each) for each in told] == [(403, "wrong_token_kind")] * 2
    assert "kind agent" in told[0].json()["error"]["message"]
    assert [(each.status, "kind agent" in each.reason) for each in answers(agent)] == [(403, True)]
    assert stored(gateway, agent) == []


def test_every_word_of_why_an_agent_is_not_heard_reaches_its_own_log(gateway, agent, item, new_agent, new_client):
    gateway.stores.agents.decide(agent.customer, item(agent), agent.id, Standing.REFUSED)
    ingest = {"Authorization": f"Bearer {new_client().token}"}
    for answer in (agent.deliver(), new_agent().deliver(), agent.deliver(headers=ingest)):
        refusal = refusal_in(answer.content)
        assert (refusal.code, refusal.message) == tuple(answer.json()["error"].values())


def test_an_ended_token_in_the_name_of_a_pending_agent_shows_nothing_at_the_machine(gateway, agent, new_agent, clock):
    stranger = new_agent(agent.customer)
    stranger.ask()
    token, made = gateway.stores.tokens.add(agent.customer, clock.now(), timedelta(days=1), kind=TokenKind.AGENT)
    gateway.stores.tokens.revoke(agent.customer, made.number, clock.now())
    stranger.token = token
    assert code(stranger.deliver(ndjson(agent_record()))) == (401, "unauthorized")
    assert gateway.stores.server_traffic.history(gateway.stores.agents.find(agent.customer, agent.id).item) == []


def test_an_interval_that_began_after_the_last_blueprint_was_removed_is_not_taken_and_an_earlier_one_is(
    gateway, agent, apply, clock, answers
):
    number = apply(agent)
    removed_ms = to_ms(clock.now())
    gateway.stores.blueprints.remove(agent.customer, number, clock.now())
    late = agent.deliver(ndjson(agent_record()), removed_ms)
    assert code(late) == (403, "no_blueprint")
    assert refusal_in(late.content).message == late.json()["error"]["message"]
    assert agent.deliver(ndjson(agent_record()), removed_ms - 1).json()["accepted"] == 1
    assert [each.status for each in answers(agent)] == [200, 403]
    apply(agent)
    assert agent.deliver(ndjson(agent_record()), removed_ms).json()["accepted"] == 1


def test_a_spent_budget_puts_an_agent_off_and_its_machine_shows_why(gateway, agent, answers):
    gateway.stores.budgets.set(agent.customer, Budget(1, 10**12))
    refused = agent.deliver(ndjson(agent_record()))
    assert code(refused) == (429, "budget_spent")
    assert int(refused.headers["Retry-After"]) > 0
    (kept,) = answers(agent)
    assert kept.status == 429
    assert "budget" in kept.reason
    gateway.stores.budgets.set(agent.customer, Budget(10, 10**12))
    assert agent.deliver(ndjson(agent_record())).json()["accepted"] == 1
