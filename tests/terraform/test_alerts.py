import re
from pathlib import Path

from shared.delivery.report import Outcome, Tally

ALERTS = (Path(__file__).parents[2] / "terraform" / "modules" / "region" / "main.alerts.tf").read_text()
QUERIES = re.findall(r"^ +query += \"(.*)\"$", ALERTS, re.MULTILINE)


def test_alerts_look_for_outcomes_that_there_are():
    named = {word for query in QUERIES for word in re.findall(r"'([a-z][a-z ]+)'", query)}
    assert {"delivered", "token refused"} <= named
    assert named <= {outcome.words for outcome in Outcome}


def test_alerts_look_for_counts_that_the_line_has():
    named = {key for query in QUERIES for key in re.findall(r"line\.(\w+)", query)} - {"outcome", "blob"}
    of_the_sweep = {"dead_letters", "token_days_left"}
    assert "lag_seconds" in named
    assert named - of_the_sweep <= set(Tally.__slots__)
