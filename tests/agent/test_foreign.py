"""The agent's copy of the rule for foreign text, held against that of `shared`, whose tests say what it is for."""

import json

import pytest

from agent import foreign
from shared.apigw.foreign import CODES, WORDS, error_code, plain_words
from tests.shared.apigw.test_foreign import SENTENCES, every_reason
from tests.support.secrets import TOKEN, forms


def test_it_knows_the_same_words_and_codes():
    assert (foreign.WORDS, foreign.CODES) == (WORDS, CODES)


def test_it_leaves_the_same_of_every_text():
    texts = [*SENTENCES, *every_reason(), *(text for texts in forms(TOKEN).values() for text in texts)]
    assert [foreign.plain_words(text) for text in texts] == [plain_words(text) for text in texts]


def test_an_error_in_the_gateways_form_is_read_without_what_it_may_repeat():
    error = {"code": "unauthorized", "message": f"the token {TOKEN} is not known"}
    read = foreign.refusal_in(json.dumps({"error": error}).encode())
    assert read == foreign.Refusal("unauthorized", "the token ... is not known")


@pytest.mark.parametrize(
    "document",
    [
        {"error": {"code": "bad_agent", "message": "x"}},
        {"error": {"code": "a_code_of_another_gateway", "message": "x"}},
        {"error": {"code": "Forbidden", "message": "x"}},
        {"error": {"code": 403, "message": "x"}},
        {"error": {"code": "bad_agent"}},
        {"error": "x"},
        {"message": "x"},
        [],
        None,
    ],
)
def test_it_tells_the_same_forms_apart(document):
    body = json.dumps(document).encode()
    refusal = foreign.refusal_in(body)
    assert (refusal.code if refusal else None) == error_code(body)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"\xff", b'{"error": {"code": "bad_agent", "mess'])
def test_what_is_not_json_is_another_form(body):
    assert foreign.refusal_in(body) is None
    assert error_code(body) is None
