"""The line that an invocation logs, and the codes that alert rules and queries rely on."""

import logging
import re
from pathlib import Path

import orjson
import pytest

from shared.delivery.report import Outcome, Report, Tally

_DOCS = Path(__file__).parents[3] / "docs"
_OPERATIONS = (_DOCS / "operations.md").read_text()
_INSTALL = (_DOCS / "install.md").read_text()


def test_codes_are_words_of_a_query_language():
    assert not [outcome.code for outcome in Outcome if not re.fullmatch(r"[a-z]+(_[a-z]+)*", outcome.code)]


def test_no_two_outcomes_share_a_code():
    assert len({outcome.code for outcome in Outcome}) == len(Outcome)


def test_the_operators_page_lists_every_code_with_its_level_and_no_other():
    listed = re.findall(r"^\| `(\w+)` \| ([A-Z]+) \|", _OPERATIONS, re.MULTILINE)
    assert sorted(listed) == sorted((outcome.code, logging.getLevelName(outcome.level)) for outcome in Outcome)


def test_the_operators_page_says_what_to_do_about_every_code_that_needs_somebody():
    wrong = _OPERATIONS.partition("## When something is wrong")[2].partition("\n## ")[0]
    needing = {outcome.code for outcome in Outcome if outcome.level >= logging.WARNING}
    assert not [code for code in needing if f"\n| `{code}` |" not in wrong]


def test_the_query_of_the_installation_page_names_a_code():
    (named,) = re.findall(r"line\.outcome\) == \"(.*?)\"", _INSTALL)
    assert named in {outcome.code for outcome in Outcome}


def test_the_line_has_the_code_and_the_sentence_each_in_a_field_of_its_own(caplog: pytest.LogCaptureFixture):
    Report("container/name", Outcome.TOKEN_REFUSED, Tally(posts=2), 17, "The gateway answered 401.").log()
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert orjson.loads(record.getMessage()) == {
        "outcome": "token_refused",
        "blob": "container/name",
        "posts": 2,
        "ms": 17,
        "message": "The gateway answered 401.",
    }


def test_a_line_about_quarantined_tuples_is_a_warning_however_well_it_ended(caplog: pytest.LogCaptureFixture):
    Report("container/name", Outcome.DELIVERED, Tally(tuples_aside=1), 17).log()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
