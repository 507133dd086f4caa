from gateway.console.traffic.search_help import EXAMPLES
from gateway.traffic.search import KEYS, parse


def test_every_example_is_a_search_and_every_key_has_one():
    assert all(parse(example.text).terms for example in EXAMPLES)
    assert {example.text.lstrip("-").partition(":")[0] for example in EXAMPLES} >= set(KEYS)
