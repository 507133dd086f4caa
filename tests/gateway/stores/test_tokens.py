from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.tokens import TokenKind, Tokens, TokenState

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
A_DAY = timedelta(days=1)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def tokens(database):
    return Tokens(database)


def test_tokens_are_not_in_the_file(tokens, customer, path):
    token, _ = tokens.add(customer, NOW, A_DAY)
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert token.encode() not in content


def test_a_token_is_known_by_its_text_until_it_ends(tokens, customer):
    token, made = tokens.add(customer, NOW, A_DAY, "production", "ada")
    assert (made.purpose, made.created_by, made.created_at, made.expires_at) == ("production", "ada", NOW, NOW + A_DAY)
    assert tokens.find(token, NOW + A_DAY - A_SECOND).number == made.number
    assert tokens.find(token, NOW + A_DAY) is None
    assert tokens.find("another", NOW) is None


def test_the_last_use_is_known_to_the_minute(tokens, customer):
    token, _ = tokens.add(customer, NOW, A_DAY)
    assert tokens.all(customer)[0].used_at is None
    for seconds, used_at in [(0, NOW), (59, NOW), (60, NOW + timedelta(minutes=1))]:
        tokens.find(token, NOW + timedelta(seconds=seconds))
        assert tokens.all(customer)[0].used_at == used_at


def test_a_revoked_token_is_kept_in_the_list_and_accepted_no_more(tokens, customer):
    token, made = tokens.add(customer, NOW, A_DAY)
    assert tokens.revoke(customer, made.number, NOW).revoked_at == NOW
    assert tokens.find(token, NOW) is None
    assert [each.state(NOW) for each in tokens.all(customer)] == [TokenState.REVOKED]
    assert tokens.revoke(customer, made.number, NOW + A_SECOND) is None


def test_another_customers_token_is_neither_listed_nor_revoked(tokens, customer, accounts):
    token, made = tokens.add(customer, NOW, A_DAY)
    other = accounts.add_customer("other")
    assert tokens.all(other) == []
    assert tokens.revoke(other, made.number, NOW) is None
    assert tokens.find(token, NOW) is not None


def test_a_token_is_good_also_where_its_use_cannot_be_noted(tokens, customer, database):
    token, made = tokens.add(customer, NOW, A_DAY)
    database.run("PRAGMA query_only = ON")
    assert tokens.find(token, NOW).number == made.number


def test_a_token_that_has_ended_says_so(tokens, customer):
    _, made = tokens.add(customer, NOW, A_DAY)
    assert made.state(NOW) is TokenState.ACTIVE
    assert made.state(NOW + A_DAY) is TokenState.EXPIRED


def test_a_token_does_what_it_is_for_and_one_of_before_does_all(tokens, customer):
    made = [tokens.add(customer, NOW, A_DAY, kind=kind)[1].kind for kind in TokenKind]
    assert made == list(TokenKind)
    assert [[kind.does(wanted) for wanted in (TokenKind.INGEST, TokenKind.AGENT)] for kind in made] == [
        [True, False],
        [False, True],
        [True, True],
    ]
