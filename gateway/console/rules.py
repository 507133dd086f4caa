"""Which rules decided, how often, and when last."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.asking import Asking
from gateway.console.view import View
from gateway.console.visitor import Visitor
from gateway.stores.records import Records
from gateway.traffic.basis import AS_LOGGED
from gateway.traffic.questions import Question
from gateway.traffic.rules import RuleHits, rule_hits
from gateway.traffic.terms import Pattern, PatternKey, Patterns, Term, WordKey, Words


class RulesPage:
    """The page of the rules."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /rules`."""
        return await self._asking.show(request, visitor, "rules.html", _answer)


def _answer(records: Records, question: Question, view: View) -> Mapping[str, Any]:
    hits = rule_hits(records, question)
    return {
        "hits": [(each, view.rows(*_terms(each))) for each in hits.rows],
        "most": max((each.records for each in hits.rows), default=0),
        "basis": AS_LOGGED,
        "others": hits.others,
    }


def _terms(hits: RuleHits) -> tuple[Term, ...]:
    return (
        Patterns(PatternKey.RULE, (Pattern(hits.rule, exact=True),)),
        Words(WordKey.DIRECTION, (hits.direction,)),
        Words(WordKey.DECISION, (hits.decision,)),
    )
