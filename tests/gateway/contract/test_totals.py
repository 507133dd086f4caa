import re
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.terms import Search
from gateway.traffic.totals import Totals
from tests.gateway.contract.made_up import HOUR, NOON
from tests.gateway.contract.oracle import matches

SEARCHES = ["", "decision:deny", "src:10.0.0.0/8 dport:22", "rule:nothing", "-direction:inbound", "source:agent"]
OF_OBSERVERS = re.compile(r"\b(rule|mac|acl|resource|flowlog|host|process|direction|source|version|counted):")


def both_ways(record, what):
    return sum(record[f"{what}_{way}"] or 0 for way in ("src_to_dst", "dst_to_src"))


def size(record, text):
    """Give the bytes of a record that a search finds, as sums take them."""
    return both_ways(record, "bytes") if record.counted or OF_OBSERVERS.search(text) else 0


def asked(stored, text, start=NOON, end=NOON + HOUR):
    return [each for each in stored.of[1] if start <= each["time"] < end and matches(parse(text), each)]


@pytest.mark.parametrize("text", SEARCHES)
def test_totals_are_the_sums_over_the_records(stored, text):
    records = asked(stored, text)
    decisions = Counter(each["decision"] for each in records)
    assert stored.records.totals(Question(1, NOON, NOON + HOUR, parse(text))) == Totals(
        len(records),
        decisions["allow"],
        decisions["deny"],
        sum(size(each, text) for each in records),
    )


@given(st.sampled_from(SEARCHES), st.integers(1, 500), st.integers(0, HOUR), st.integers(1, HOUR))
def test_a_timeline_parts_the_totals_among_its_steps(stored, text, steps, start, span):
    start, end = NOON + start, NOON + start + span
    line = stored.records.timeline(Question(1, start, end, parse(text)), steps)
    assert line.start % line.step == 0
    assert line.start <= start < line.start + line.step
    assert len(line.allowed) == len(line.denied) == len(line.bytes)
    assert line.start + len(line.allowed) * line.step >= end
    sums = defaultdict(Counter)
    for each in asked(stored, text, start, end):
        sums[(each["time"] - line.start) // line.step] += Counter({each["decision"]: 1, "bytes": size(each, text)})
    for place in range(len(line.allowed)):
        there = sums[place]
        assert (line.allowed[place], line.denied[place], line.bytes[place]) == (
            there["allow"],
            there["deny"],
            there["bytes"],
        )


@given(st.integers(2, 500), st.integers(0, 364 * 24 * HOUR))
def test_a_timeline_has_no_more_steps_than_asked_for(stored, steps, span):
    line = stored.records.timeline(Question(3, NOON, NOON + span, Search()), steps)
    assert 1 <= len(line.allowed) <= steps
