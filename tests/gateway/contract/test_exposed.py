from collections import defaultdict
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.traffic.exposed import from_internet
from gateway.traffic.networks import NOT_PUBLIC
from gateway.traffic.protocols import protocol_name
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.terms import Search
from tests.gateway.contract.made_up import HOUR, NOON
from tests.gateway.contract.oracle import matches
from tests.gateway.contract.test_totals import both_ways


def is_from_internet(each):
    public = each["src_ip"] in {"13.107.21.200", "20.1.2.3", "2600::1"}
    return public and each["direction"] == "inbound" and each["decision"] == "allow"


def test_ports_that_public_addresses_were_let_in_to_are_told_with_who_came(stored):
    groups = defaultdict(list)
    for each in filter(is_from_internet, stored.of[1]):
        groups[protocol_name(each["protocol"]), each["dst_port"]].append(each)
    assert groups
    ports = stored.records.exposed_ports(Question(1, NOON, NOON + HOUR, Search())).rows
    assert {(each.protocol, each.port) for each in ports} == set(groups)
    for each in ports:
        group = groups[each.protocol, each.port]
        assert each.records == len(group)
        assert each.answered == sum(matches(parse("answered:yes"), one) for one in group)
        assert each.unanswered == sum(matches(parse("answered:no"), one) for one in group)
        assert each.sources == len({one["src_ip"] for one in group})
        assert each.destinations == len({one["dst_ip"].removeprefix("::ffff:") for one in group})
        assert each.bytes == sum(both_ways(one, "bytes") for one in group)
        assert each.last == max(one["time"] for one in group)


def test_a_ports_terms_select_its_records_and_no_others(stored):
    for each in stored.records.exposed_ports(Question(1, NOON, NOON + HOUR, Search())).rows:
        reread = parse(str(Search(each.terms)))
        assert stored.records.totals(Question(1, NOON, NOON + HOUR, reread)).records == each.records


def test_narrowing_twice_narrows_once():
    once = from_internet(parse("dport:22"))
    assert from_internet(once) == once


@given(st.ip_addresses())
def test_nothing_that_the_registry_calls_global_is_left_out_but_a_few_services(address):
    services = ["168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "224.0.0.0/3", "ff00::/8"]
    if address.is_global and not any(address in ip_network(service) for service in services):
        assert not any(address in network for network in NOT_PUBLIC)


@pytest.mark.parametrize(
    "text",
    ["10.0.0.4", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1"],
)
def test_private_addresses_are_not_public(text):
    assert any(ip_address(text) in network for network in NOT_PUBLIC)
