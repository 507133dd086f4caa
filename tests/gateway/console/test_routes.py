from tests.gateway.client import code
from tests.gateway.console.person import text_of


def test_a_page_that_is_not_there_is_a_page(administrator):
    answer = administrator.get("/nowhere")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "There is no page here." in text_of(answer)
    assert "/setup/tokens" in answer.text


def test_without_a_session_it_has_no_menu(nobody):
    answer = nobody.get("/nowhere")
    assert answer.status_code == 404
    assert "/setup/tokens" not in answer.text


def test_a_wrong_method_is_a_page(administrator):
    answer = administrator.get("/sign-out")
    assert answer.status_code == 405
    assert "does not accept GET" in text_of(answer)


def test_the_api_answers_json_as_ever(nobody):
    assert code(nobody.get("/qas/nowhere")) == (404, "not_found")
    assert code(nobody.get("/auth")) == (405, "method_not_allowed")


def test_a_fault_is_a_page_without_its_reasons(administrator, gateway, monkeypatch):
    def fail(*_arguments):
        raise RuntimeError("planted-secret")

    monkeypatch.setattr(type(gateway.stores.sessions), "find", fail)
    answer = administrator.get("/account")
    assert answer.status_code == 500
    assert "planted-secret" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
