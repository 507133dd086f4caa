import time

from hypothesis import given
from hypothesis import strategies as st

from gateway.traffic.fields import RULE
from gateway.traffic.terms import Pattern, Patterns, Search
from tests.gateway.client import record
from tests.gateway.contract.oracle import matches

FEW = st.text("aB*_%", max_size=8)


@given(st.builds(Pattern, FEW, st.booleans()), FEW)
def test_a_pattern_fits_what_a_regular_expression_says(pattern, text):
    search = Search((Patterns(RULE, (pattern,)),))
    assert pattern.fits(text) is matches(search, record(rule=text))


def test_many_stars_hold_up_nobody():
    began = time.process_time()
    assert not Pattern("*a" * 60 + "b").fits("a" * 20_000)
    assert Pattern("*a" * 60 + "*b").fits("a" * 20_000 + "b")
    assert time.process_time() - began < 1
