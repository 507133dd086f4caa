from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.traffic.community_id import community_id
from gateway.traffic.conversations import MINUTE_MS, After
from gateway.traffic.posts import Post
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.terms import Search
from gateway.traffic.transposed import transposed
from tests.examples import examples
from tests.gateway.client import record
from tests.gateway.contract.made_up import HOUR, NOON
from tests.gateway.contract.oracle import matches
from tests.gateway.contract.test_top import plain
from tests.gateway.contract.test_totals import size
from tests.long import first_of_each
from tests.shared.flowlog.test_check import AGENTS

CUSTOMERS = count(100)
PORTS = st.sampled_from([22, 40_000, 40_001])
TIMES = st.sampled_from([NOON, NOON + 59_999, NOON + 60_000])


def joined(records, text=""):
    """The same in plain Python: records by what joins them."""
    groups = defaultdict(list)
    for each in records:
        if matches(parse(text), each):
            minute = each["time"] // MINUTE_MS * MINUTE_MS
            key = minute, plain(each["src_ip"]), plain(each["dst_ip"]), each["protocol"], each["dst_port"]
            groups[key].append(each)
    return groups


def walk(stored, size, text="", start=NOON, end=NOON + HOUR):
    found, after = [], None
    while True:
        part = stored.records.conversations(Question(1, start, end, parse(text)), after, size)
        found += part.conversations
        assert part.after is None or len(part.conversations) == size
        if part.after is None:
            return found
        after = After.parse(str(part.after))


def key_of(each):
    return each.minute, each.source, each.destination, each.protocol, each.port


@pytest.mark.parametrize("size", first_of_each([7, 50, 1000], 3))
@pytest.mark.parametrize("text", ["", "source:agent", "10.0.0.4 dport:22"])
def test_every_record_is_in_one_conversation_whatever_the_size_of_a_page(stored, size, text):
    groups = joined(stored.of[1], text)
    found = walk(stored, size, text)
    assert len(found) == len(groups)
    assert {key_of(each) for each in found} == set(groups)
    assert [each.minute for each in found] == sorted((each.minute for each in found), reverse=True)


def test_a_conversation_tells_what_each_of_its_records_knows(stored):
    groups = joined(stored.of[1])
    assert any(each.is_seen_by_both for each in walk(stored, 1000))
    for each in walk(stored, 1000):
        records = groups[key_of(each)]
        logged = [one for one in records if one["source"] != "agent"]
        agents = [one for one in records if one["source"] == "agent"]
        assert (each.logged, each.observed) == (len(logged), len(agents))
        assert each.flows == len({one["src_port"] for one in logged})
        assert list(each.decisions) == sorted({one["decision"] for one in logged})
        assert list(each.rules) == sorted({one["rule"] for one in logged})
        server = [one for one in agents if one["direction"] == "inbound"]
        # Who can't tell who began stands at the address that its record begins with.
        client = [one for one in agents if one["direction"] != "inbound"]
        for end, there in ((each.client, client), (each.server, server)):
            assert list(end.hosts) == sorted({one["host"] for one in there})
            assert list(end.processes) == sorted({one["process"] for one in there if one["process"]})
        assert each.bytes == sum(size(one, "") for one in records)


def test_a_conversations_terms_select_its_records_within_its_minute_and_no_others(stored):
    for each in walk(stored, 1000)[:40]:
        reread = parse(str(Search(each.terms)))
        found = stored.records.totals(Question(1, each.minute, each.minute + MINUTE_MS, reread))
        assert found.records == each.logged + each.observed


@settings(max_examples=examples(40))
@given(st.integers(0, HOUR), st.integers(1, HOUR))
def test_only_what_lies_in_the_time_has_a_part(stored, start, span):
    start, end = NOON + start, NOON + start + span
    within = [each for each in stored.of[1] if start <= each["time"] < end]
    found = walk(stored, 30, start=start, end=end)
    assert {key_of(each) for each in found} == set(joined(within))
    assert sum(each.logged + each.observed for each in found) == len(within)


@st.composite
def records_of_few_flows(draw):
    """A record of a log, or of an agent that can't tell who began, both ways round."""
    ends = [("10.0.0.4", draw(PORTS)), ("10.0.0.5", draw(PORTS))]
    (source, source_port), (destination, port) = draw(st.permutations(ends))
    made = {"src_ip": source, "src_port": source_port, "dst_ip": destination, "dst_port": port, "time": draw(TIMES)}
    if draw(st.booleans()):
        return record(**made)
    return AGENTS | made | {"direction": None, "direction_basis": "unknown", "host": f"of {source}"}


def conversation_of(each, records):
    """The minute, the source and the destination with its port, after the one who knows who began."""
    flow = [each["src_ip"], each["src_port"], each["dst_ip"], each["dst_port"]]
    minute = each["time"] // MINUTE_MS * MINUTE_MS
    for other in records if each["direction"] is None else []:
        ends = [other["src_ip"], other["src_port"], other["dst_ip"], other["dst_port"]]
        is_same = community_id(6, *ends) == community_id(6, *flow) and other["time"] // MINUTE_MS * MINUTE_MS == minute
        if is_same and other["direction"] and ends != flow:
            return minute, ends[0], ends[2], ends[3]
    return minute, flow[0], flow[2], flow[3]


@settings(max_examples=examples(40))
@given(st.lists(records_of_few_flows(), max_size=12))
def test_who_cannot_tell_who_began_joins_the_flow_of_the_same_community_id(stored, records):
    customer = next(CUSTOMERS)
    stored.records.store(
        Post(customer, "key", b"hash", b"{}", datetime(2026, 11, 23, 13, tzinfo=UTC)), transposed(records)
    )
    expected = defaultdict(list)
    for each in records:
        expected[conversation_of(each, records)].append(each)
    found = stored.records.conversations(Question(customer, NOON, NOON + 2 * MINUTE_MS, Search())).conversations
    assert {(each.minute, each.source, each.destination, each.port) for each in found} == set(expected)
    for each in found:
        there = expected[each.minute, each.source, each.destination, each.port]
        agents = {one["host"] for one in there if one["source"] == "agent"}
        assert each.observed == sum(one["source"] == "agent" for one in there)
        assert each.flows == len({one["src_port"] for one in there if one["source"] != "agent"})
        assert each.client.hosts == tuple(agents & {f"of {each.source}"})
        assert each.server.hosts == tuple(agents & {f"of {each.destination}"})
        question = Question(customer, each.minute, each.minute + MINUTE_MS, parse(str(Search(each.terms))))
        assert stored.records.totals(question).records >= len(there)


@given(st.integers(0, 2**39), st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1), st.integers(0, 255))
def test_a_place_is_read_as_it_was_written(minute, source, destination, protocol):
    place = After(minute, (source, destination, protocol, 65_535))
    assert After.parse(str(place)) == place


@given(st.text() | st.sampled_from(["1.2.3.4", "1.2.3.4.5.6", "1.2.3.256.5", f"1.{2**128}.3.4.5", "-1.2.3.4.5", "²"]))
def test_anything_else_is_no_place(text):
    with suppress(ValueError):
        After.parse(text)
        assert text.count(".") == 4
        assert all(part.isdigit() for part in text.split("."))


def test_both_kinds_of_an_address_are_one(stored):
    addresses = {each.source for each in walk(stored, 1000)}
    assert not any(isinstance(ip_address(one), IPv6Address) and ip_address(one).ipv4_mapped for one in addresses)
