from tests.gateway.client import code


def test_a_healthy_gateway_says_so_to_anyone(client):
    client.token = ""
    answer = client.call("GET", "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_an_unknown_path_is_refused_in_the_form_of_every_error(client):
    assert code(client.call("GET", "/qas/flow-log")) == (404, "not_found")


def test_a_wrong_method_is_refused_in_the_form_of_every_error(client):
    assert code(client.call("GET", "/qas/flow-logs")) == (405, "method_not_allowed")
    assert code(client.call("PUT", "/qas/subscription-token")) == (405, "method_not_allowed")


def test_the_server_does_not_say_what_it_is_made_of(client):
    assert "server" not in client.call("GET", "/healthz").headers


def test_a_fault_of_the_gateway_is_answered_without_its_reasons(client, gateway, monkeypatch):
    def fail(*_arguments):
        raise RuntimeError("planted-secret")

    monkeypatch.setattr(type(gateway.stores.accounts), "subscription_token", fail)
    answer = client.call("GET", "/qas/subscription-token")
    assert code(answer) == (500, "fault")
    assert "planted-secret" not in answer.text
