"""The alert rules, held against lines that the app really writes, by a small reading of their query language."""

import logging
import re
from pathlib import Path

import orjson
import pytest

from shared.delivery.health import Health
from shared.delivery.lines import Lines
from shared.delivery.report import Outcome, Report, Tally
from tests.support.time import StillClock

ALERTS = (
    Path(__file__).parents[2] / "terraform" / "modules" / "sluice" / "modules" / "region" / "main.alerts.tf"
).read_text()
QUERIES = dict(re.findall(r"^    ([\w-]+) = \{$.*?^ +query += \"(.*?)\"$", ALERTS, re.MULTILINE | re.DOTALL))
LINE = re.findall(r"^ +line = \"(.*)\"$", ALERTS, re.MULTILINE)
# Names that a query may want, and that Azure's query language keeps to itself: a rule with one is made, and never runs.
KEYWORD = re.compile(
    "and|as|asc|between|by|card|contains|date|datetime|desc|double|earliest|find|first|flags|has|in|int|kind|last|latest|like|"
    "long|missing|of|or|others|print|project|real|sample|search|set|shards|simple|statistics|string|time|timeline|timespan|title|to|"
    "union|verbose|views|where"
)
CONDITION = re.compile(
    r"(?:toint|todouble)\(line\.(?P<key>\w+)\) (?P<sign>[<>]) (?P<bound>\d+)"
    r"|outcome == '(?P<code>\w+)'|outcome in \((?P<codes>[^)]*)\)"
)


def raises(query, line):
    """Return whether a query returns a line; what this can't read is an error."""
    _, where, conditions = query.partition(" | where ")
    assert where, query
    found = False
    for text in conditions.split(" or "):
        condition = CONDITION.fullmatch(text)
        assert condition is not None, text
        if condition["key"]:
            value, bound = line.get(condition["key"]), float(condition["bound"])
            found |= value is not None and (value > bound if condition["sign"] == ">" else value < bound)
        else:
            found |= line["outcome"] in re.findall(r"\w+", condition["code"] or condition["codes"])
    return found


@pytest.fixture
def written(caplog):
    """Gives the lines that the app writes of reports, as one process that keeps quiet about the rest."""
    caplog.set_level(logging.INFO, logger="sluice")

    def lines(*reports):
        caplog.clear()
        clock = StillClock()
        told = Lines(clock, each=False)
        for report in reports:
            told.log(report)
        return [orjson.loads(record.getMessage()) for record in caplog.records]

    return lines


def report(outcome=Outcome.DELIVERED, message="", **counts):
    return Report("container/name", outcome, Tally(**counts), 12, message)


def alerts_of(line):
    return {name for name, query in QUERIES.items() if raises(query, line)}


@pytest.mark.parametrize(
    ("told", "alerts"),
    [
        (report(records=3, posts=1, lag_seconds=1000.0), {"lag"}),
        (report(Outcome.RETRY_LATER, "It is away."), {"lag"}),
        (report(Outcome.VANISHED, "It is gone."), {"lag"}),
        (report(Outcome.TOKEN_REFUSED, "It is refused."), {"token-refused"}),
        (report(Outcome.NIC_SILENT, "It is silent."), {"silent-card"}),
        (report(tuples_aside=1), {"quarantine"}),
        (report(records_aside=1), {"quarantine"}),
        (report(ranges_aside=1), {"quarantine"}),
        (report(lines_refused=1), {"quarantine"}),
        (report(retries=1), set()),
        (report(lag_seconds=100.0), set()),
    ],
)
def test_a_line_raises_the_alerts_that_it_should(written, told, alerts):
    (line,) = written(told)
    assert alerts_of(line) == alerts


@pytest.mark.parametrize(
    ("health", "alerts"),
    [
        (Health(13.9, 0), {"token-ends"}),
        (Health(200.0, 2), {"dead-letters"}),
        (Health(200.0, 0), set()),
        (Health(None, None), set()),
    ],
)
def test_a_sweeps_line_raises_the_alerts_that_it_should(caplog, health, alerts):
    caplog.set_level(logging.INFO, logger="sluice")
    health.log()
    assert alerts_of(orjson.loads(caplog.records[-1].getMessage())) == alerts


def test_a_summary_raises_no_alert(caplog):
    caplog.set_level(logging.INFO, logger="sluice")
    clock = StillClock()
    lines = Lines(clock, each=False)
    lines.log(report(records=3, posts=1, lag_seconds=1.0))
    clock.move(60)
    lines.log(report(records=3, posts=1, lag_seconds=1.0))
    (record,) = caplog.records
    line = orjson.loads(record.getMessage())
    assert line["outcome"] == "summary"
    assert alerts_of(line) == set()


def test_every_outcome_that_needs_somebody_raises_an_alert(written):
    needing = [outcome for outcome in Outcome if outcome.level >= logging.WARNING]
    assert not [outcome for outcome in needing if not alerts_of(written(report(outcome))[0])]


def test_alerts_query_codes_and_counts_that_exist():
    keys = {key for query in QUERIES.values() for key in re.findall(r"line\.(\w+)", query)}
    codes = {code for query in QUERIES.values() for code in re.findall(r"'(\w+)'", query)}
    assert {"lag_seconds", "lines_refused"} <= keys <= {*Tally.__slots__, *Health.__slots__}
    assert {"retry_later", "token_refused"} <= codes <= {outcome.code for outcome in Outcome}


def test_queries_give_their_columns_no_name_that_the_language_keeps_to_itself():
    named = {name for text in [*QUERIES.values(), *LINE] for name in re.findall(r"(\w+) = ", text)}
    assert {"line", "outcome", "blob"} <= named
    assert not any(map(KEYWORD.fullmatch, named))
