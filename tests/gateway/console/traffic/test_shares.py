from ipaddress import ip_network

from gateway.console.traffic.shares import Shares
from gateway.traffic.basis import ONCE
from gateway.traffic.field import Side
from gateway.traffic.fields import MAC
from gateway.traffic.search import parse
from gateway.traffic.terms import Addresses, Pattern, Patterns, Search
from gateway.traffic.top import Group, Measure, Top

SOURCES = [Addresses(Side.SOURCE, (ip_network(text),)) for text in ("10.0.0.4", "10.0.0.5")]
CARD = Patterns(MAC, (Pattern("000D3AF87856", exact=True),))
NO_CARD = Patterns(MAC, (Pattern("*"),), negated=True)


def shares(*groups, others=(0, 0), measure=Measure.RECORDS):
    made = tuple(Group(("name",), terms, records, size) for terms, records, size in groups)
    return Shares(Top(made, 3, *others, ONCE), measure)


def written(made):
    return str(Search(made.others))


def test_parts_are_of_the_whole_by_what_makes_a_group_large():
    groups = [((SOURCES[0],), 60, 1), ((SOURCES[1],), 15, 2)]
    by_records = shares(*groups, others=(25, 97))
    assert [by_records.share(group) for group in by_records.top.groups] == [60.0, 15.0]
    assert by_records.other_share == 25.0
    by_bytes = shares(*groups, others=(25, 97), measure=Measure.BYTES)
    assert [by_bytes.share(group) for group in by_bytes.top.groups] == [1.0, 2.0]
    assert by_bytes.other_share == 97.0


def test_all_others_are_one_term():
    assert written(shares(((SOURCES[0],), 1, 1), ((SOURCES[1],), 1, 1))) == "-src:10.0.0.4,10.0.0.5"


def test_those_without_a_card_are_a_group_too():
    made = shares(((CARD,), 1, 1), ((NO_CARD,), 1, 1))
    assert written(made) == "mac:* -mac:=000D3AF87856"
    assert parse(written(made)).terms == made.others


def test_where_a_group_takes_two_terms_no_search_finds_the_others():
    assert shares((tuple(SOURCES), 1, 1)).others == ()
