"""The oracle itself, by cases worked out by hand: what SQL is held against must be right."""

import pytest

from gateway.traffic.search import parse
from tests.gateway.client import record
from tests.gateway.contract.oracle import matches

RECORD = record(
    src_ip="10.0.0.4",
    src_port=50000,
    dst_ip="2001:db8::7",
    dst_port=443,
    bytes_src_to_dst=100,
    bytes_dst_to_src=None,
    packets_src_to_dst=None,
    packets_dst_to_src=None,
    rule="DefaultRule_Allow*",
    mac=None,
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "src:10.0.0.4",
        "net:10.0.0.0/8",
        "dst:2001:db8::/32",
        "0.0.0.0/0",
        "::/0",
        "443",
        "sport:>=50000",
        "proto:tcp",
        "bytes:100",
        "rule:defaultrule_*",
        "rule:*allow*",
        'rule:="DefaultRule_Allow*"',
        "src:10.0.0.4 dport:443 decision:allow",
        "src:9.9.9.9,10.0.0.4",
    ],
)
def test_a_record_matches_and_does_not_match_the_opposite(text):
    assert matches(parse(text), RECORD)
    assert not any(matches(parse(f"-{term}"), RECORD) for term in text.split())


@pytest.mark.parametrize(
    "text",
    [
        "dst:10.0.0.4",
        "src:::/0",
        "dst:0.0.0.0/0",
        "dport:50000",
        "bytes:>100",
        "packets:>=0",
        "mac:*",
        "rule:DefaultRule_",
        'rule:="defaultrule_allow*"',
        "src:10.0.0.4 dport:80",
    ],
)
def test_a_record_does_not_match_and_matches_the_opposite(text):
    assert not matches(parse(text), RECORD)
    assert any(matches(parse(f"-{term}"), RECORD) for term in text.split())


def test_an_ipv4_address_inside_ipv6_is_an_ipv4_address():
    mapped = record(src_ip="::ffff:10.0.0.4")
    assert matches(parse("src:10.0.0.4"), mapped)
    assert not matches(parse("src:::/0"), mapped)
