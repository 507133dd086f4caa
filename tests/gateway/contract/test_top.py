from collections import defaultdict
from ipaddress import IPv6Address, ip_address

import pytest

from gateway.traffic.basis import ONCE
from gateway.traffic.protocols import protocol_name
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.terms import Search
from gateway.traffic.top import Dimension, Measure, Top
from tests.gateway.contract.made_up import HOUR, NOON
from tests.gateway.contract.oracle import matches
from tests.gateway.contract.test_totals import size


def plain(text):
    address = ip_address(text)
    return str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address)


KEYS = {
    Dimension.SOURCE: lambda each: (plain(each["src_ip"]),),
    Dimension.DESTINATION: lambda each: (plain(each["dst_ip"]),),
    Dimension.PAIR: lambda each: (plain(each["src_ip"]), plain(each["dst_ip"])),
    Dimension.PORT: lambda each: (protocol_name(each["protocol"]), str(each["dst_port"])),
    Dimension.RULE: lambda each: (each["rule"],),
    Dimension.NIC: lambda each: (each["mac"],),
}


@pytest.mark.parametrize("text", ["", "decision:deny", "rule:nothing", "source:vnet"])
@pytest.mark.parametrize("limit", [1, 3, 1000])
@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("dimension", Dimension)
def test_the_largest_groups_and_the_others_are_all_there_is(stored, dimension, measure, limit, text):
    groups = defaultdict(lambda: [0, 0])
    for each in stored.of[1]:
        if matches(parse(text), each):
            group = groups[KEYS[dimension](each)]
            group[0] += 1
            group[1] += size(each, "rule:" if dimension in {Dimension.RULE, Dimension.NIC} else text)
    found = stored.records.top(Question(1, NOON, NOON + HOUR, parse(text)), dimension, measure, limit)
    order = (0, 1) if measure is Measure.RECORDS else (1, 0)
    sizes = sorted(([group[place] for place in order] for group in groups.values()), reverse=True)
    assert [[(each.records, each.bytes)[place] for place in order] for each in found.groups] == sizes[:limit]
    assert all(groups[each.name] == [each.records, each.bytes] for each in found.groups)
    assert len({each.name for each in found.groups}) == len(found.groups)
    assert found.others == len(groups) - len(found.groups)
    assert sum(each.records for each in found.groups) + found.other_records == sum(each[0] for each in groups.values())
    assert sum(each.bytes for each in found.groups) + found.other_bytes == sum(each[1] for each in groups.values())


@pytest.mark.parametrize("dimension", Dimension)
def test_a_groups_terms_select_its_records_and_no_others(stored, dimension):
    for group in stored.records.top(Question(1, NOON, NOON + HOUR, Search()), dimension, Measure.RECORDS, 20).groups:
        reread = parse(str(Search(group.terms)))
        found = stored.records.totals(Question(1, NOON, NOON + HOUR, reread))
        assert (found.records, found.bytes) == (group.records, group.bytes)


def test_where_nothing_is_there_is_no_group(stored):
    assert stored.records.top(Question(3, 0, 1, Search()), Dimension.PAIR, Measure.BYTES) == Top((), 0, 0, 0, ONCE)
