import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.csrf import agree, masked

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
