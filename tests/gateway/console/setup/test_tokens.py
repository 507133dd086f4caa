import html
import re
from datetime import timedelta

import pytest

from gateway.stores.tokens import TokenKind, TokenState
from tests.gateway.client import Client
from tests.gateway.console.person import text_of

INGEST = {"kind": "ingest", "purpose": "Production"}


@pytest.fixture
def ends(clock):
    """A day that a token may end on."""
    return (clock.now() + timedelta(days=30)).date().isoformat()


def shown(page):
    """The token that a page shows."""
    return html.unescape(re.search(r'id="token" type="text" value="([^"]+)"', page.text)[1])


def test_a_token_is_shown_once_and_works_until_its_last_day_is_over(gateway, team, administrator, ends, clock):
    made = administrator.send("/setup/tokens", INGEST | {"ends": ends})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    token = shown(made)
    asked = Client(gateway.url, token, team.customer).call("GET", "/qas/subscription-token").json()
    last_second = (clock.now() + timedelta(days=31)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert asked["expiresAt"] == f"{last_second:%Y-%m-%dT%H:%M:%SZ}"
    listed = administrator.get("/setup/tokens")
    assert "Production ingest active" in text_of(listed)
    assert token not in listed.text


def test_a_token_that_is_revoked_is_refused_at_once(gateway, team, administrator, ends):
    token = shown(administrator.send("/setup/tokens", INGEST | {"ends": ends}))
    (made,) = gateway.stores.tokens.all(team.customer)
    revoked = administrator.send(f"/setup/tokens/{made.number}/revoke")
    assert Client(gateway.url, token, team.customer).call("GET", "/qas/subscription-token").status_code == 401
    assert f"Revoked: token {made.number} (Production)." in text_of(administrator.get(revoked.headers["Location"]))
    assert administrator.send(f"/setup/tokens/{made.number}/revoke").status_code == 404


def test_the_audit_log_tells_both_and_not_the_token(gateway, team, administrator, ends):
    token = shown(administrator.send("/setup/tokens", INGEST | {"ends": ends}))
    (made,) = gateway.stores.tokens.all(team.customer)
    administrator.send(f"/setup/tokens/{made.number}/revoke")
    entries = gateway.stores.audit_log.page(team.customer)
    assert [entry.action.words for entry in entries[:2]] == [
        "revoked a subscription token",
        "created a subscription token",
    ]
    assert entries[0].subject == f"token {made.number} (Production)"
    assert token not in str(entries)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": ""}, "Choose what the token is for."),
        ({"kind": "unrestricted"}, "Choose what the token is for."),
        ({"purpose": " "}, "Enter a text"),
        ({"purpose": "x" * 101}, "Shorten this to 100 characters."),
        ({"purpose": "a\nb"}, "control characters"),
        ({"ends": ""}, "Enter a day from"),
        ({"ends": "tomorrow"}, "Enter a day from"),
        ({"ends": "2020-01-01"}, "Enter a day from"),
        ({"ends": "9999-12-31"}, "Enter a day from"),
    ],
)
def test_what_is_wrong_is_at_its_field_and_the_rest_is_kept(gateway, team, administrator, ends, change, told):
    typed = INGEST | {"ends": ends} | change
    answer = administrator.send("/setup/tokens", typed)
    assert answer.status_code == 422
    field = next(iter(change))
    error = re.search(rf'<p class="error" id="{field}-error">([^<]+)</p>', answer.text)
    assert told in html.unescape(error[1])
    invalid = "<fieldset" if field == "kind" else rf'id="{field}"[^>]+aria-invalid="true"[^>]+'
    assert re.search(rf'{invalid} ?aria-describedby="{field}-error', answer.text)
    kept = ({"purpose", "ends"} - {field}).pop()
    assert f'value="{typed[kept]}"' in answer.text
    assert gateway.stores.tokens.all(team.customer) == []


def test_the_commands_name_this_gateway_and_the_unit(gateway, reader):
    text = text_of(reader.get("/setup/tokens"))
    assert f"curl -X POST {gateway.url}/auth" in text
    assert f"curl -X POST {gateway.url}/qas/subscription-token" in text
    assert "expiry is in minutes" in text


def test_tokens_that_the_api_made_are_listed_with_their_maker(gateway, team, administrator, new_user):
    name = new_user(team.customer)
    auth = administrator.post("/auth", {"username": name, "password": "a password of tests", "token": "true"}).text
    bearer = {"Authorization": f"Bearer {auth}"}
    administrator.session.post(gateway.url + "/qas/subscription-token", json={"expiry": 5}, headers=bearer, timeout=20)
    (made,) = gateway.stores.tokens.all(team.customer)
    assert (made.created_by, made.purpose) == (name, "created with the HTTP API")


def test_a_reader_looks_on(gateway, team, reader, ends, clock):
    _, made = gateway.stores.tokens.add(team.customer, clock.now(), timedelta(days=1), "Production", "ada")
    page = reader.get("/setup/tokens")
    assert "Production" in page.text
    assert '<form method="post" action="/setup' not in page.text
    assert reader.send("/setup/tokens", INGEST | {"ends": ends}).status_code == 403
    assert reader.send(f"/setup/tokens/{made.number}/revoke").status_code == 403
    assert [each.state(clock.now()) for each in gateway.stores.tokens.all(team.customer)] == [TokenState.ACTIVE]


def test_the_page_of_a_new_token_says_where_its_kind_belongs(gateway, team, administrator, ends):
    ingest = text_of(administrator.send("/setup/tokens", INGEST | {"ends": ends}))
    agent = administrator.send("/setup/tokens", {"kind": "agent", "purpose": "Machines", "ends": ends})
    assert "terraform.tfvars.json" in ingest
    assert "terraform" not in text_of(agent)
    assert "Into the agent's token file" in text_of(agent)
    assert Client(gateway.url, shown(agent), team.customer).call("GET", "/qas/subscription-token").status_code == 403
    assert [each.kind for each in gateway.stores.tokens.all(team.customer)] == ["agent", "ingest"]
    assert gateway.stores.audit_log.page(team.customer)[0].subject.endswith("(Machines), agent")


def test_tokens_of_version_0_1_are_shown_as_unrestricted_until_they_are_replaced(gateway, team, administrator, clock):
    add = gateway.stores.tokens.add
    assert "unrestricted" not in text_of(administrator.get("/setup/tokens"))
    _, old = add(team.customer, clock.now(), timedelta(days=1), "Old", "ada", kind=TokenKind.UNRESTRICTED)
    text = text_of(administrator.get("/setup/tokens"))
    assert "1 token is unrestricted, created by version 0.1" in text
    assert "Old unrestricted Replace it. active" in text
    gateway.stores.tokens.revoke(team.customer, old.number, clock.now())
    text = text_of(administrator.get("/setup/tokens"))
    assert "1 token is unrestricted" not in text
    assert "Old unrestricted revoked" in text
