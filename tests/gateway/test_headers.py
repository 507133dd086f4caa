import pytest
import requests

PAGES = ["/sign-in", "/account", "/nowhere", "/static/console.css", "/static/nothing", "/sign-out"]
CALLS = ["/healthz", "/openapi.json", "/auth", "/qas/flow-logs", "/qas/nowhere", "/qas/subscription-token"]


@pytest.mark.parametrize("path", [*PAGES, *CALLS])
def test_every_answer_keeps_browsers_from_what_it_does_not_need(gateway, path):
    headers = requests.get(gateway.url + path, timeout=20).headers
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


def test_the_edge_s_answers_do_too(agent):
    headers = agent.call("GET", "/healthz").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
