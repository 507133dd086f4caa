import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
import requests

from dev.gateway.local import agents_token, new_customer, run_edge_in_thread
from gateway.stores.agents import Standing
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.stores import open_stores
from gateway.stores.tokens import TokenKind
from tests.gateway.client import AgentClient, code

IDLE = {"collect": False, "etag": "idle"}


@contextmanager
def waiting(gateway, agent, known="idle"):
    """A question that waits for news; gives what its answer will be."""
    before = len(gateway.stores.changes)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(agent.ask, known)
        deadline = time.monotonic() + 20
        while len(gateway.stores.changes) == before:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        yield asked


def test_a_machine_appears_as_pending_with_its_agents_first_question(gateway, agent, item):
    assert agent.ask().json() == IDLE
    found = gateway.stores.items.find(agent.customer, item(agent))
    assert (found.name, found.state, found.system) == ("web-1", "pending", "Linux 6.1 x86_64")
    assert found.addresses == ("10.0.0.4", "fd00::4")
    (entry,) = gateway.stores.audit_log.page(agent.customer)
    assert (entry.action.words, entry.subject) == ("reported a new machine", "web-1")
    assert entry.who.endswith("(Agents)")
    agent.ask()
    assert len(gateway.stores.audit_log.page(agent.customer)) == 1


def test_a_machine_that_was_made_by_hand_is_found_by_its_name(gateway, agent, item):
    number = gateway.stores.items.add(agent.customer, "WEB-1", [], "")
    agent.ask()
    assert item(agent) == number


def test_what_is_news_to_the_agent_is_told_at_once(agent, apply):
    agent.ask()
    apply(agent, 300)
    collecting = {"collect": True, "interval_seconds": 300, "etag": "collect-300"}
    for known in (None, "", "idle", "x" * 1000, "collect-60"):
        assert agent.ask(known).json() == collecting


def test_without_news_the_same_is_told_again_when_the_time_is_up(new_agent, brief_edge):
    agent = new_agent(url=brief_edge)
    agent.ask()
    assert agent.ask("idle").json() == IDLE


def test_a_question_waits_until_a_blueprint_is_applied(gateway, agent, apply):
    agent.ask()
    with waiting(gateway, agent) as asked:
        assert not asked.done()
        apply(agent, 60)
        assert asked.result(20).json() == {"collect": True, "interval_seconds": 60, "etag": "collect-60"}


def test_a_question_waits_until_the_blueprint_changes_or_is_taken_away(gateway, agent, apply, item, clock):
    agent.ask()
    number = apply(agent, 60)
    with waiting(gateway, agent, "collect-60") as asked:
        apply(agent, 10)
        assert asked.result(20).json()["interval_seconds"] == 10
    with waiting(gateway, agent, "collect-10") as asked:
        gateway.stores.items.save(agent.customer, item(agent), [], [number], clock.now())
        assert asked.result(20).json() == IDLE
    apply(agent, 60)
    with waiting(gateway, agent, "collect-60") as asked:
        gateway.stores.blueprints.remove(agent.customer, number, clock.now())
        assert asked.result(20).json() == IDLE
    apply(agent, 60)
    with waiting(gateway, agent, "collect-60") as asked:
        gateway.stores.items.remove(agent.customer, item(agent))
        assert asked.result(20).json() == IDLE


def test_another_customers_or_machines_change_leaves_a_question_waiting(gateway, agent, new_agent, apply):
    stranger, neighbour = new_agent(), new_agent(agent.customer, "web-2")
    for each in (agent, stranger, neighbour):
        each.ask()
    with waiting(gateway, agent) as asked:
        apply(stranger)
        apply(neighbour)
        time.sleep(0.05)
        assert not asked.done()
        apply(agent)
        assert asked.result(20).json()["collect"] is True


def test_an_agent_that_asks_again_waits_in_place_of_its_earlier_question(gateway, agent, apply):
    agent.ask()
    with waiting(gateway, agent) as first, ThreadPoolExecutor(1) as pool:
        second = pool.submit(agent.ask, "idle")
        assert first.result(20).json() == IDLE
        apply(agent)
        assert second.result(20).json()["collect"] is True


def test_many_agents_wait_at_little_cost_and_all_hear_the_news(gateway, new_agent, apply):
    first = new_agent()
    agents = [first, *(new_agent(first.customer, f"web-{number}") for number in range(2, 60))]
    for each in agents:
        each.ask()
        apply(each, 60)
    threads = threading.active_count()
    before = len(gateway.stores.changes)
    with ThreadPoolExecutor(len(agents)) as pool:
        asked = [pool.submit(each.ask, "collect-60") for each in agents]
        deadline = time.monotonic() + 20
        while len(gateway.stores.changes) < before + len(agents):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        # Ours, one for each that asks, and none of the edge's.
        assert threading.active_count() <= threads + len(agents) + 40
        apply(first, 10)
        assert {each.result(20).json()["interval_seconds"] for each in asked} == {10}


def test_questions_are_answered_when_the_edge_ends(tmp_path, certificate):
    with open_stores(tmp_path) as stores, ThreadPoolExecutor(1) as pool:
        customer = new_customer(stores.database, "customer")
        with run_edge_in_thread(stores, certificate.certificate, certificate.key) as url:
            token = agents_token(stores.database, customer)
            agent = AgentClient(url, token, customer.number, str(certificate.certificate))
            agent.ask()
            # The answer itself would keep the connection open.
            asked = pool.submit(lambda: agent.ask("idle").json())
            while not len(stores.changes):
                time.sleep(0.005)
            began = time.monotonic()
        assert asked.result(1) == IDLE
        assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"Agent_Id": None}, "Agent-Id"),
        ({"Agent_Id": "web-1"}, "Agent-Id"),
        ({"Agent_Id": "{0b1f6471-1bf0-4dda-aec3-cb9272f09590}"}, "Agent-Id"),
        ({"Agent_Host": ""}, "Agent-Host"),
        ({"Agent_Host": "x" * 256}, "Agent-Host"),
        ({"Agent_Host": "a\tb"}, "Agent-Host"),
        ({"Agent_Host": b"w\xe9b"}, "Agent-Host as UTF-8"),
        ({"Agent_System": "x" * 201}, "Agent-System"),
        ({"Agent_Version": "a\tb"}, "Agent-Version"),
        ({"Agent_Addresses": "10.0.0.4,web-1"}, "Agent-Addresses"),
        ({"Agent_Addresses": ",".join(f"10.0.0.{last}" for last in range(65))}, "at most 64"),
    ],
)
def test_an_agent_that_does_not_say_who_it_is_is_told_what_to_send(gateway, agent, changes, named):
    answer = agent.ask(**changes)
    assert code(answer) == (400, "bad_agent")
    assert named in answer.json()["error"]["message"]
    assert gateway.stores.agents.find(agent.customer, agent.id) is None


def test_an_agent_that_has_never_said_who_it_is_is_not_known(agent):
    assert code(agent.ask(Agent_Host=None)) == (403, "unknown_agent")


def test_what_an_agent_need_not_say_may_be_left_out(agent):
    assert agent.ask(Agent_System=None, Agent_Version=None, Agent_Addresses=None).json() == IDLE


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong"])
def test_without_a_good_token_nobody_is_let_in(gateway, agent, authorization):
    assert code(agent.ask(Authorization=authorization)) == (401, "unauthorized")
    assert gateway.stores.agents.find(agent.customer, agent.id) is None


def test_an_expired_token_is_none(gateway, agent, clock):
    life = timedelta(seconds=1)
    agent.token, _ = gateway.stores.tokens.add(agent.customer, clock.now(), life, kind=TokenKind.AGENT)
    clock.move(2)
    assert code(agent.ask()) == (401, "unauthorized")


def test_more_agents_than_the_list_can_bear_are_not_let_in(agent, monkeypatch):
    monkeypatch.setattr("gateway.stores.room.MOST_AGENTS", 0)
    assert code(agent.ask()) == (403, "too_many_agents")


def test_a_client_that_does_not_trust_the_certificate_is_told_nothing(edge):
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(edge + "/healthz", timeout=20)


def test_the_request_log_has_the_edges_lines_and_no_secret(agent, accept, edge_log):
    accept(agent)
    agent.deliver()
    # An entry may be written after the sender has its answer.
    entries = (edge_log.get(timeout=20) for _ in itertools.count())
    mine = list(itertools.islice((each for each in entries if each.get("customer") == agent.customer), 2))
    assert [(each["route"], each["status"]) for each in mine] == [
        ("/agent/v1/request", 200),
        ("/agent/v1/traffic", 200),
    ]
    assert agent.token not in str(mine)


def test_the_edge_tells_its_time(edge, certificate, clock):
    answer = requests.get(edge + "/healthz", verify=str(certificate.certificate), timeout=20)
    assert answer.json() == {"status": "ok", "time": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"}


@pytest.mark.parametrize("path", ["/", "/sign-in", "/qas/flow-logs", "/auth"])
def test_nothing_else_is_answered(edge, certificate, path):
    answer = requests.get(edge + path, verify=str(certificate.certificate), timeout=20)
    assert code(answer) == (404, "not_found")


def test_a_question_waits_until_its_agent_is_accepted(gateway, agent, item, clock):
    agent.ask()
    number = gateway.stores.blueprints.put(agent.customer, NewBlueprint("Minute", "", 60, "<x/>"), clock.now())
    gateway.stores.items.save(agent.customer, item(agent), [number], [], clock.now())
    with waiting(gateway, agent) as asked:
        assert not asked.done()
        gateway.stores.agents.decide(agent.customer, item(agent), agent.id, Standing.ACCEPTED)
        assert asked.result(20).json()["collect"] is True
    with waiting(gateway, agent, "collect-60") as asked:
        gateway.stores.agents.decide(agent.customer, item(agent), agent.id, Standing.REFUSED)
        assert asked.result(20).json() == IDLE


def test_where_an_agent_asks_from_is_noted(gateway, agent):
    agent.ask()
    assert gateway.stores.agents.find(agent.customer, agent.id).peer == "127.0.0.1"
