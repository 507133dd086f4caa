"""What stays of the other side's text: of secrets nothing, whatever their form, and of reasons nearly all."""

import ast
import json
import re
import string
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.apigw.foreign import CODES, WORDS, error_code, plain_words
from shared.flowlog.check import check
from shared.flowlog.record import AGENT_KEYS, COUNTERS, KEYS
from tests.shared.flowlog.test_check import AGENTS, OBJECT
from tests.support.secrets import TOKEN, forms, traces

GATEWAY = Path(__file__).parents[3] / "gateway"
ALPHABETS = [string.ascii_letters + string.digits + "-_", "0123456789abcdef", string.digits, string.ascii_lowercase]
SENTENCES = {
    "the token is 114 and 105 and 71 and 99 and 12": "the token is ...",
    "line 114 line 105 line 71 line 99 line": "...",
    "line 1 and line 2 and line 3 is too long": "line 1 and line 2 and line 3 is too long",
    "": "",
    "too old": "too old",
    "malformed": "malformed",
    "src_port must be a whole number from 0 to 65535, not 70000": (
        "src_port must be a whole number from 0 to 65535, not 70000"
    ),
    "unknown key 'colour'": "unknown key ...",
    "a flow record is a JSON object: unexpected end of data at character 17": (
        "a flow record is a JSON object: unexpected end of data at character 17"
    ),
    "Unknown field (src_ip); see https://example.com/x": "Unknown field (src_ip); ...",
    "The gateway answered 413 (too_large): the batch is too large.": (
        "The gateway answered 413 (too_large): the batch is too large."
    ),
    "must not be 123456": "must not be ...",
    "no\nsuch\x1b[2J port at\tall": "... port at all",
    "Bearer xyz xyz xyz": "...",
    "bravo the tango of victor": "...",
}


def random_tokens(count):
    random = Random(20)
    return ["".join(random.choices(alphabet, k=48)) for alphabet in ALPHABETS for _ in range(count)]


@pytest.mark.parametrize("form", forms(TOKEN))
def test_nothing_of_a_secret_stays_in_any_form(form):
    assert traces(TOKEN, " ".join(forms(TOKEN)[form])), "the test would not see it"
    assert not traces(TOKEN, " ".join(map(plain_words, forms(TOKEN)[form])))


def test_of_tokens_made_by_chance_no_form_leaves_anything():
    for token in random_tokens(50):
        for form, texts in forms(token).items():
            left = [part for text in texts for part in plain_words(text).split() if part.strip(".")]
            assert set(left) <= {"the", "token", "is", "unknown", "value", "and", "in", "to"}, (form, token)


@pytest.mark.parametrize(
    "secret",
    [
        "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=c2VjcmV0a2V5;EndpointSuffix=core.windows.net",
        "sv=2024-08-04&ss=b&srt=co&sp=rl&se=2026-11-27T10:00:00Z&sig=Zk3v9QmT7xWe2bN8cR4y%2FL6pJhG5fDaS%3D",
        "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a",
        "correct-horse-battery-staple",
        "correct horse battery staple orbit lantern",
        "4821 9930 1187 2046 7719",
    ],
)
def test_other_secrets_leave_nothing_either(secret):
    assert plain_words(secret) == "..."
    assert plain_words(f"refused: {secret}") == "..."


@pytest.mark.parametrize(("sentence", "plain"), SENTENCES.items())
def test_known_words_stay_and_short_numbers_among_them(sentence, plain):
    assert plain_words(sentence) == plain


def every_reason():
    """Give the reasons of the record's rules, each with the value that it names taken off."""
    values = [None, -1, True, "", "x", 70000, 10**18, [], {}]
    for right in (OBJECT, AGENTS):
        wrong = [right | {key: value} for key in right for value in values]
        wrong += [{key: value for key, value in right.items() if key != left_out} for left_out in right]
        wrong += [right | {"version": 7}, right | {"state": "deny"}, {}, {"source": "agent"}]
        wrong += [right | {"direction": None}, right | {"direction_basis": "unknown"}]
        wrong += [right | {"counter_source": "none"}, right | dict.fromkeys(COUNTERS, 0) | {"state": "begin"}]
        yield from (re.sub(r", not .*", "", reason) for record in wrong if (reason := check(record)))
    yield str(check(None))


def test_of_the_reasons_of_the_records_rules_every_word_stays():
    reasons = {reason for reason in every_reason() if not reason.startswith("unknown key")}
    assert len(reasons) > 60
    assert {reason for reason in reasons if plain_words(reason) != reason} == set()


def test_what_the_gateway_says_of_lines_that_are_not_json_stays():
    sentence = "a flow record is a JSON object: "
    for said in (
        "unexpected character at character 3",
        "unexpected control character in string at character 17",
        "Input is a zero-length, empty document at character 0",
        "str is not valid UTF-8: surrogates not allowed at character 0",
        "number with leading zero is not allowed at character 5",
        "depth limit exceeded at character 1025",
    ):
        assert plain_words(sentence + said) == sentence + said


@given(st.lists(st.sampled_from(["the", "a", "7", "token", "x1", "443", "to", "'key'", "...", "in:"])).map(" ".join))
def test_what_was_cleaned_once_stays_as_it_is(text):
    assert plain_words(plain_words(text)) == plain_words(text)


@given(st.text())
def test_whatever_comes_one_short_line_stays(text):
    plain = plain_words(text)
    assert plain.isascii()
    assert plain.isprintable() or not plain
    assert len(plain_words("milliseconds " * 100_000)) < 600


def test_every_key_of_a_record_is_a_word():
    assert {*KEYS, *AGENT_KEYS} <= WORDS


def codes_of_the_gateway():
    """Give the codes that stand in the gateway's code, where errors are made."""
    for file in GATEWAY.rglob("*.py"):
        if file.name == "faults.py":
            continue  # for tests: nothing in normal use puts it there
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(ast.Name("ApiError" | "error_response"), [_, ast.Constant(code), *_]):
                    yield code


def described_codes(node):
    """Give the codes that a description of the gateway's calls names."""
    if isinstance(node, dict):
        code = node.get("code")
        yield from code.get("enum", []) if isinstance(code, dict) else []
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from described_codes(each)


def test_the_codes_are_those_of_the_gateway():
    of_the_router = {"not_found", "method_not_allowed"}
    assert {*codes_of_the_gateway(), *of_the_router} == CODES


@pytest.mark.parametrize("part", ["api", "edge"])
def test_every_code_that_the_gateway_describes_is_known(part):
    described = set(described_codes(json.loads((GATEWAY / part / "openapi.json").read_text())))
    assert len(described) > 10
    assert described <= CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_of_the_gateway_is_given(code):
    assert error_code(json.dumps({"error": {"code": code, "message": "It failed."}}).encode()) == code


@pytest.mark.parametrize("code", ["a_code_of_another_gateway", TOKEN[:40].lower().replace("-", "_"), "planted-token"])
def test_a_code_that_nobody_knows_is_left_out_of_an_error_in_the_gateways_form(code):
    assert error_code(json.dumps({"error": {"code": code, "message": "It failed."}}).encode()) == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"<html><h1>403 Forbidden</h1><center>Microsoft-Azure-Application-Gateway/v2</center></html>",
        b'{"error": {"code": "unauthorized", "message": "The subscr',
        b"[" * 100_000,
        *(
            json.dumps(each).encode()
            for each in (
                [],
                "unauthorized",
                None,
                {},
                {"error": "unauthorized"},
                {"error": ["unauthorized"]},
                {"code": "unauthorized", "message": "x"},
                {"statusCode": 403, "message": "Forbidden"},
                {"error": {"code": 403, "message": "Forbidden", "status": "PERMISSION_DENIED"}},
                {"error": {"code": "AuthorizationFailed", "message": "x"}},
                {"error": {"code": "401", "message": "x"}},
                {"error": {"code": "", "message": "x"}},
                {"error": {"code": "unauthorized"}},
                {"error": {"code": "unauthorized", "message": None}},
                {"error": {"code": "unauthorized\n", "message": "x"}},
            )
        ),
    ],
)
def test_any_other_form_is_not_the_gateways(content):
    assert error_code(content) is None
