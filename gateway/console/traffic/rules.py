"""Which rules decided, how often, and when last."""

from collections.abc import Mapping
from typing import Any

from gateway.console.links import records_url
from gateway.console.traffic.view import View
from gateway.traffic.basis import AS_LOGGED
from gateway.traffic.fields import DECISION, DIRECTION, RULE
from gateway.traffic.question import Question
from gateway.traffic.rules import RuleHits
from gateway.traffic.store import Questions
from gateway.traffic.terms import Pattern, Patterns, Term, Words


def answer(records: Questions, question: Question, view: View) -> Mapping[str, Any]:
    hits = records.rule_hits(question)
    return {
        "hits": [(each, records_url(view, *_terms(each))) for each in hits.rows],
        "most": max((each.records for each in hits.rows), default=0),
        "basis": AS_LOGGED,
        "others": hits.others,
    }


def _terms(hits: RuleHits) -> tuple[Term, ...]:
    return (
        Patterns(RULE, (Pattern(hits.rule, exact=True),)),
        Words(DIRECTION, (hits.direction,)),
        Words(DECISION, (hits.decision,)),
    )
