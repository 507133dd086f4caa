import pytest

from gateway.limits import DEFAULT_LIMITS
from tests.gateway.console.person import text_of


@pytest.mark.parametrize("csrf", [None, "", "wrong", "é"])
def test_a_form_without_its_sessions_token_is_refused(administrator, csrf):
    answer = administrator.post("/sign-out", {} if csrf is None else {"csrf": csrf})
    assert answer.status_code == 403
    assert "does not belong to your session" in text_of(answer)
    assert administrator.get("/account").status_code == 200


def test_another_sessions_token_is_refused(new_team):
    one, other = new_team().administrator, new_team().administrator
    assert one.post("/sign-out", {"csrf": other.csrf}).status_code == 403


def test_the_token_may_come_in_a_header(administrator):
    assert administrator.post("/sign-out", headers={"X-CSRF-Token": administrator.csrf}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/account"])
def test_a_form_from_another_site_is_refused_whatever_it_knows(administrator, path, headers):
    answer = administrator.post(path, {"csrf": administrator.csrf}, headers=headers)
    assert answer.status_code == 403
    assert "sent from another site" in text_of(answer)


def test_a_form_from_this_site_is_taken_by_either_header(administrator, gateway):
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": gateway.url}):
        assert administrator.post("/account", {"csrf": administrator.csrf}, headers=headers).status_code == 422


def test_a_form_that_is_too_long_is_refused(administrator):
    answer = administrator.send("/account", {"new": "x" * DEFAULT_LIMITS.form_bytes})
    assert answer.status_code == 413
    assert "longer than 65536 bytes" in text_of(answer)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join([b"a=b"] * 1001)])
def test_what_is_not_a_form_is_refused(nobody, body):
    assert nobody.post("/sign-in", body).status_code == 400


def test_a_script_that_asks_after_the_session_ended_is_sent_to_the_sign_in_page(nobody):
    answer = nobody.get("/setup/flow-logs/new", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in?next=%2Fsetup%2Fflow-logs%2Fnew")
