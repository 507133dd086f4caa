import pytest

PATHS = ["/sign-in", "/account", "/nowhere", "/static/console.css", "/static/nothing", "/sign-out"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_keeps_browsers_from_what_pages_do_not_need(administrator, path):
    headers = administrator.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.split("; ") == [
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("path", ["/sign-in", "/account", "/nowhere"])
def test_pages_are_kept_nowhere(administrator, path):
    assert administrator.get(path).headers["Cache-Control"] == "no-store"


def test_no_page_holds_a_script_or_a_style(administrator):
    for path in ("/account", "/nowhere"):
        page = administrator.get(path).text
        assert "<style" not in page
        assert " style=" not in page
        assert "<script>" not in page
        assert " onclick" not in page
