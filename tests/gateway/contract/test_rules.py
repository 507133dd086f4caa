from collections import defaultdict

from gateway.traffic.question import Question
from gateway.traffic.search import parse
from tests.gateway.contract.made_up import HOUR, NOON
from tests.gateway.contract.oracle import matches
from tests.gateway.contract.test_totals import both_ways


def test_each_rule_is_counted_by_direction_and_decision_the_busiest_first(stored):
    search = parse("proto:tcp")
    groups = defaultdict(list)
    for each in stored.of[1]:
        if matches(search, each) and each["rule"] is not None:
            groups[each["rule"], each["direction"], each["decision"]].append(each)
    hits = stored.records.rule_hits(Question(1, NOON, NOON + HOUR, search)).rows
    assert {(each.rule, each.direction, each.decision): (each.records, each.bytes, each.last) for each in hits} == {
        key: (len(group), sum(both_ways(each, "bytes") for each in group), max(each["time"] for each in group))
        for key, group in groups.items()
    }
    assert [each.records for each in hits] == sorted((each.records for each in hits), reverse=True)
