import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.csrf import FormTokens, agree, masked

SECRETS = st.text(st.characters(codec="ascii"), min_size=1, max_size=60)


@given(SECRETS)
def test_a_secret_agrees_with_itself_under_any_mask(secret):
    assert agree(masked(secret), masked(secret))


@given(SECRETS, SECRETS)
def test_secrets_that_differ_never_agree(one, other):
    assert agree(masked(one), masked(other)) == (one == other)


def test_no_two_masks_look_alike():
    assert len({masked("a secret of a session") for _ in range(100)}) == 100


@pytest.mark.parametrize("sent", ["", "a secret", "é", "=", "AAAA", "a" * 100_000])
def test_what_is_not_a_masked_secret_agrees_with_none(sent):
    assert not agree(sent, masked("a secret"))


@given(st.integers(0, 2**63), SECRETS)
def test_a_token_tells_whose_form_it_is_from(user, secret):
    assert FormTokens(b"key").user_of(FormTokens(b"key").token(user, secret)) == user


def test_a_token_that_this_gateway_did_not_make_is_nobodys():
    tokens = FormTokens(b"key")
    assert tokens.user_of(FormTokens(b"another key").token(7, "secret")) is None
    sealed = f"7.secret.{tokens._seal(7, 'secret')}"
    assert tokens.user_of(masked(sealed)) == 7
    for forged in (
        sealed.replace("7.", "8.", 1),
        sealed.replace("secret", "Secret"),
        sealed[:-1],
        "7.secret.",
        "",
        "..",
        "\u0667.a.b",
    ):
        assert tokens.user_of(masked(forged)) is None
