import random

import pytest

from gateway.clock import to_ms
from gateway.console.traffic.search_help import EXAMPLES
from gateway.traffic.search import KEYS, parse
from tests.gateway.console.person import text_of
from tests.gateway.contract.made_up import made_up


def test_every_example_is_a_search_and_every_key_has_one():
    assert all(parse(example.text).terms for example in EXAMPLES)
    assert {example.text.lstrip("-").partition(":")[0] for example in EXAMPLES} >= set(KEYS)


@pytest.mark.parametrize(("search", "found"), [("rule:DenyAllInBound", False), ("rule:*DenyAllInBound", True)])
def test_the_help_says_that_a_text_must_match_as_a_whole(reader, team, post, clock, search, found):
    post(team, made_up(random.Random(1)) | {"rule": "DefaultRule_DenyAllInBound", "time": to_ms(clock.now()) - 1000})
    said = text_of(reader.get("/traffic", params={"q": search}))
    assert "A text must match as a whole: rule:DenyAllInBound does not find DefaultRule_DenyAllInBound" in said
    assert ("1 of 1 record" in said) is found
