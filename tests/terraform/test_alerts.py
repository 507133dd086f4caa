import logging
import re
from pathlib import Path

from shared.delivery.report import Outcome, Tally

ALERTS = (
    Path(__file__).parents[2] / "terraform" / "modules" / "sluice" / "modules" / "region" / "main.alerts.tf"
).read_text()
QUERIES = re.findall(r"^ +query += \"(.*)\"$", ALERTS, re.MULTILINE)
PARTS = re.findall(r"^ +(?:card|line) = \"(.*)\"$", ALERTS, re.MULTILINE)
# Names that a query may want, and that Azure's query language keeps to itself: a rule with one is made, and never runs.
KEYWORD = re.compile(
    "and|as|asc|between|by|card|contains|date|datetime|desc|double|earliest|find|first|flags|has|in|int|kind|last|latest|like|"
    "long|missing|of|or|others|print|project|real|sample|search|set|shards|simple|statistics|string|time|timeline|timespan|title|to|"
    "union|verbose|views|where"
)


def test_alerts_query_codes_that_exist():
    compared = [text for query in QUERIES for text in re.findall(r"\boutcome (?:==|in) (\([^)]*\)|'[^']*')", query)]
    named = {code for text in compared for code in re.findall(r"'([^']*)'", text)}
    assert len(compared) == sum(len(re.findall(r"\boutcome\b", query)) for query in QUERIES)
    assert {"delivered", "token_refused"} <= named
    assert named <= {outcome.code for outcome in Outcome}


def test_every_outcome_that_needs_somebody_raises_an_alert():
    needing = {outcome.code for outcome in Outcome if outcome.level >= logging.WARNING}
    assert not [code for code in needing if not any(f"'{code}'" in query for query in QUERIES)]


def test_alerts_look_for_counts_that_the_line_has():
    named = {key for query in QUERIES for key in re.findall(r"line\.(\w+)", query)} - {"outcome", "blob"}
    of_the_sweep = {"dead_letters", "token_days_left"}
    assert "lag_seconds" in named
    assert named - of_the_sweep <= set(Tally.__slots__)


def test_queries_give_their_columns_no_name_that_the_language_keeps_to_itself():
    named = {name for text in QUERIES + PARTS for name in re.findall(r"(\w+) = ", text)}
    assert {"line", "outcome", "blob", "log", "mac", "newest"} <= named
    assert not any(map(KEYWORD.fullmatch, named))
