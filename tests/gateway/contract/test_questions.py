from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.traffic.answered import Answered
from gateway.traffic.field import TextField
from gateway.traffic.fields import FIELDS
from gateway.traffic.posts import Post
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.terms import Pattern, Patterns, Search
from gateway.traffic.transposed import transposed
from tests.gateway.client import record
from tests.gateway.contract.made_up import HOUR, NOON
from tests.gateway.contract.oracle import matches
from tests.gateway.traffic.searches import SEARCHES

USUAL = st.sampled_from(
    [
        "ip:10.0.0.0/8",
        "-ip:10.0.0.4",
        "src:::/0",
        "src:0.0.0.0/0",
        "-src:2000::/3",
        "dport:22,3389",
        "-port:0-1023",
        "bytes:>=1500",
        "-bytes:0",
        "packets:1-1500",
        "proto:tcp,icmp",
        "-version:1",
        "source:nsg",
        "-state:begin,end",
        "-decision:deny",
        "rule:userrule_*",
        "rule:=UserRule_ssh",
        "-rule:*ssh*",
        'rule:""',
        "mac:*",
        "-mac:*",
        "resource:/subscriptions/s",
        "encryption:nx",
        "-acl:acl",
        *(f"answered:{word}" for word in Answered),
    ]
)
"""Terms that each select some of the made-up records, and not all."""


_EDGES = [
    record(protocol=6, dst_ip=address, packets_dst_to_src=packets, bytes_dst_to_src=size)
    for address, least in (("20.1.2.3", 58), ("2600::1", 78), ("::ffff:20.1.2.3", 58))
    for packets in (0, 1, 3, 10**16)
    for size in (least * packets - 1, least * packets, least * packets + 1)
    if 0 <= size < 10**18
]
"""TCP records of logs with answers just large enough, and with ones that are not."""


def found(stored, search, start=NOON, end=NOON + HOUR, customer=1):
    return Counter(map(repr, stored.records.every(Question(customer, start, end, search))))


def expected(stored, search, start=NOON, end=NOON + HOUR, customer=1):
    records = stored.of[customer]
    return Counter(repr(each) for each in records if start <= each["time"] < end and matches(search, each))


@pytest.mark.parametrize("word", Answered)
def test_what_was_answered_is_decided_to_the_byte(opened, word):
    opened.first.store(Post(1, "key", b"hash", b"{}", datetime(2026, 11, 23, tzinfo=UTC)), transposed(_EDGES))
    of_word = parse(f"answered:{word}")
    selected = opened.first.every(Question(1, 0, 2**62, of_word))
    assert Counter(map(repr, selected)) == Counter(repr(each) for each in _EDGES if matches(of_word, each))


@given(USUAL)
def test_a_usual_term_selects_some_and_not_all(stored, text):
    selected = found(stored, parse(text))
    assert selected == expected(stored, parse(text))
    assert 0 < selected.total() < len(stored.of[1])


@given(st.lists(USUAL, max_size=3).map(" ".join))
def test_terms_together_select_what_they_say(stored, text):
    assert found(stored, parse(text)) == expected(stored, parse(text))


@given(SEARCHES)
def test_any_search_at_all_selects_what_it_says(stored, search):
    assert found(stored, search) == expected(stored, search)


@given(st.integers(NOON - 1, NOON + HOUR + 1), st.integers(NOON - 1, NOON + HOUR + 1))
def test_the_time_begins_with_its_start_and_ends_before_its_end(stored, start, end):
    assert found(stored, Search(), start, end) == expected(stored, Search(), start, end)


@pytest.mark.parametrize("customer", [1, 2])
def test_a_customer_sees_all_of_its_own_and_nothing_else(stored, customer):
    assert found(stored, Search(), customer=customer) == Counter(map(repr, stored.of[customer]))


def test_a_customer_without_records_sees_none(stored):
    assert found(stored, Search(), customer=3) == Counter()


@given(st.sampled_from([field for field in FIELDS if isinstance(field, TextField)]), st.text())
def test_hostile_text_selects_only_its_equal(stored, key, text):
    search = Search((Patterns(key, (Pattern(f"{text}') OR true --"),)),))
    assert found(stored, search) == expected(stored, search)
