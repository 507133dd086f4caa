from ipaddress import ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.traffic.field import Side
from gateway.traffic.fields import BYTES, DECISION, FLOW_LOG_ID, MAC, PACKETS, PROTOCOL, RULE, STATE, VERSION
from gateway.traffic.networks import NOT_PUBLIC
from gateway.traffic.search import KEYS, TERMS_MAX, VALUES_MAX, SearchError, parse
from gateway.traffic.terms import (
    Addresses,
    Numbers,
    Pattern,
    Patterns,
    Ports,
    Search,
    Services,
    Words,
    with_term,
)
from tests.gateway.client import record
from tests.gateway.contract.oracle import matches
from tests.gateway.traffic.searches import SEARCHES, TERMS

PIECES = [
    "-",
    ",",
    '"',
    "=",
    "*",
    ":",
    " ",
    "\n",
    "src:",
    "dport:",
    "rule:",
    "mac:",
    "10.0.0.",
    "::",
    "1",
    ">=",
    "deny",
]


def rule(text, *, exact=False):
    return Patterns(RULE, (Pattern(text, exact),))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("src:10.0.0.6", Addresses(Side.SOURCE, (ip_network("10.0.0.6"),))),
        (
            "dst:2001:DB8::/32,10.0.0.6",
            Addresses(Side.DESTINATION, (ip_network("2001:db8::/32"), ip_network("10.0.0.6"))),
        ),
        ("ip:::1", Addresses(Side.EITHER, (ip_network("::1"),))),
        ("net:10.0.0.0/8", Addresses(Side.EITHER, (ip_network("10.0.0.0/8"),))),
        ("net:10.0.0.0/255.0.0.0", Addresses(Side.EITHER, (ip_network("10.0.0.0/8"),))),
        ("src:::ffff:10.0.0.6", Addresses(Side.SOURCE, (ip_network("10.0.0.6"),))),
        ("src:::ffff:a00:0/104", Addresses(Side.SOURCE, (ip_network("10.0.0.0/8"),))),
        ("10.0.0.6", Addresses(Side.EITHER, (ip_network("10.0.0.6"),))),
        ("-10.0.0.0/8", Addresses(Side.EITHER, (ip_network("10.0.0.0/8"),), negated=True)),
        ("fe80::1", Addresses(Side.EITHER, (ip_network("fe80::1"),))),
        ("abcd::,2001:db8::/32", Addresses(Side.EITHER, (ip_network("abcd::"), ip_network("2001:db8::/32")))),
        ("-src:private", Addresses(Side.SOURCE, NOT_PUBLIC, negated=True)),
        ("PRIVATE,8.8.8.8", Addresses(Side.EITHER, (*NOT_PUBLIC, ip_network("8.8.8.8")))),
        ("3389", Ports(Side.EITHER, ((3389, 3389),))),
        ("22,8000-8100", Ports(Side.EITHER, ((22, 22), (8000, 8100)))),
        ("dport:22,3389", Ports(Side.DESTINATION, ((22, 22), (3389, 3389)))),
        ("sport:>1023", Ports(Side.SOURCE, ((1024, 65535),))),
        ("port:<1024", Ports(Side.EITHER, ((0, 1023),))),
        ("service:TCP/443,47/0", Services(((6, 443), (47, 0)))),
        ("proto:TCP", Numbers(PROTOCOL, ((6, 6),))),
        ("proto:17,icmp,50-51", Numbers(PROTOCOL, ((17, 17), (1, 1), (50, 51)))),
        ("version:4", Numbers(VERSION, ((4, 4),))),
        ("bytes:>=1000000", Numbers(BYTES, ((1000000, 2 * (10**18 - 1)),))),
        ("packets:<=3", Numbers(PACKETS, ((0, 3),))),
        ("decision:deny", Words(DECISION, ("deny",))),
        ("-STATE:Begin,end", Words(STATE, ("begin", "end"), negated=True)),
        ('rule:"DefaultRule_*"', rule("DefaultRule_*")),
        ('rule:="DenyAll*"', rule("DenyAll*", exact=True)),
        ("rule:=DenyAll*", rule("DenyAll*", exact=True)),
        ('rule:"two words, a "" and :"', rule('two words, a " and :')),
        ('rule:""', rule("")),
        ("rule:a:b", rule("a:b")),
        ("mac:00-0d-3a-f8-78-56", Patterns(MAC, (Pattern("000D3AF87856"),))),
        ("mac:000d.3af8.7856", Patterns(MAC, (Pattern("000D3AF87856"),))),
        ("mac:00:0D:3A:*", Patterns(MAC, (Pattern("000D3A*"),))),
        ("flowlog:*/flowLogs/x,acl*", Patterns(FLOW_LOG_ID, (Pattern("*/flowLogs/x"), Pattern("acl*")))),
    ],
)
def test_a_term_means_what_it_says(text, term):
    assert parse(text) == Search((term,))


def test_all_terms_of_a_search_are_read_in_their_order():
    search = parse(' src:10.0.0.6\tdport:3389\ndecision:deny  rule:"a b" ')
    assert [str(term) for term in search.terms] == ["src:10.0.0.6", "dport:3389", "decision:deny", 'rule:"a b"']
    assert parse("") == parse(" \n") == Search()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("src:10.0.0.6 vedrict:deny", "vedrict:", "Did you mean"),
        ("verdict:deny", "verdict:", "Did you mean decision?"),
        ("zzz:1", "zzz:", "The keys are src, sport, dst, dport, ip, net"),
        ("src:", ":", "A value is missing"),
        ("-", "-", "A value is missing"),
        ("dport:22,", ",", "A value is missing"),
        ("dport:,22", ":", "A value is missing"),
        ("src:10.0.0.300", "10.0.0.300", "is not a valid address or network"),
        ("src:fe80::1%eth0", "fe80::1%eth0", "is not a valid address or network"),
        ("net:10.0.0.6/8", "10.0.0.6/8", "Write 10.0.0.0/8"),
        ("dport:65536", "65536", "from 0 to 65535"),
        ("dport:30-20", "30-20", "smaller number first"),
        ("port:<0", "<0", "from 0 to 65535"),
        ("dport:http", "http", "is not a valid number"),
        ("dport:²", "²", "is not a valid number"),
        ("service:443", "443", "such as tcp/443"),
        ("service:tcp/65536", "tcp/65536", "such as tcp/443"),
        ("service:256/1", "256/1", "such as tcp/443"),
        ("service:smtp/25", "smtp/25", "such as tcp/443"),
        ("proto:smtp", "smtp", "icmp, igmp, tcp"),
        ("22,10.0.0.6", "10.0.0.6", "is not a valid number"),
        ("decision:denied", "denied", "Write one of allow, deny."),
        ("mac:00-0D", "00-0D", "12 hexadecimal digits"),
        ("mac:=00*", "=00*", "12 hexadecimal digits"),
        ("rdp", "rdp", "is not a valid address, network or port"),
        ("dead:beef", "dead:beef", "is not a valid address or network"),
        ('src:10.0.0.6 rule:"open', '"open', "not closed"),
        ('rule:="open', '="open', "not closed"),
        ('rule:a"b"', '"', "around a whole value"),
        ('rule:"a"b', "b", "around a whole value"),
    ],
)
def test_an_error_says_what_is_wrong_and_where(text, place, words):
    with pytest.raises(SearchError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert text[caught.value.start : caught.value.end] == place


def test_a_search_has_an_end():
    ports = ",".join(map(str, range(1, VALUES_MAX + 1)))
    assert len(parse(ports).terms) == 1
    with pytest.raises(SearchError, match="at most 200 values"):
        parse(f"{ports} decision:deny")


def test_a_search_of_too_many_terms_is_refused_with_a_way_out():
    terms = [f"port:{number}" for number in range(TERMS_MAX + 1)]
    assert len(parse(" ".join(terms[1:])).terms) == TERMS_MAX
    with pytest.raises(SearchError, match=r"at most 40 terms. Join values with commas"):
        parse(" ".join(terms))


def test_what_is_no_network_of_the_internet_has_a_name():
    assert str(parse("-src:private")) == "-src:private"


def test_a_name_counts_as_the_networks_it_stands_for():
    with pytest.raises(SearchError, match="at most 200 values"):
        parse(",".join(["private"] * 12))


def test_a_long_value_is_cut_short_in_its_error():
    with pytest.raises(SearchError) as caught:
        parse("src:" + "9" * 5000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("key", KEYS)
def test_every_key_may_be_written_in_any_case(key):
    values = {
        "rule": "x",
        "mac": "*",
        "decision": "deny",
        "service": "tcp/4",
        "direction": "inbound",
        "state": "end",
        "source": "nsg",
        "counted": "yes",
        "answered": "yes",
    }
    value = values.get(key, "1.2.3.4" if key in {"src", "dst", "ip", "net"} else "4")
    assert parse(f"{key.upper()}:{value}") == parse(f"{key}:{value}")


@given(SEARCHES)
def test_what_a_search_is_written_as_means_the_search(search):
    assert parse(str(search)) == search


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map("".join) | st.text())
@example("-")
@example('src:10.0.0.6,"')
@example("net:" + "1" * 6000)
def test_no_text_raises_anything_else_and_what_is_understood_can_be_written(text):
    try:
        search = parse(text)
    except SearchError as error:
        wrong = error
    else:
        assert parse(str(search)) == search
        return
    assert str(wrong)
    assert 0 <= wrong.start < wrong.end <= len(text)


@given(st.text())
def test_a_pattern_holds_hostile_text_untouched(text):
    quoted = text.replace('"', '""')
    assert parse(f'rule:="{quoted}"') == Search((rule(text, exact=True),))
    assert parse(f'rule:"{quoted}"') == Search((rule(text),))
    assert matches(parse(f'rule:="{quoted}"'), record(rule=text))


@given(SEARCHES, TERMS)
def test_a_search_is_narrowed_by_a_term(search, term):
    narrowed = with_term(search, term)
    assert set(narrowed.terms) == {*search.terms, term}
    assert with_term(narrowed, term) == narrowed
