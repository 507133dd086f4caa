"""Conversations: what logs and agents say about the same traffic, one line each, with links to both views."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.links import records_url, summed_url, view_url
from gateway.console.traffic.record_pages import RecordPages
from gateway.console.traffic.view import View
from gateway.console.visitor import Visitor
from gateway.traffic.conversations import MINUTE_MS, After, Conversation
from gateway.traffic.fields import HOST, SOURCE
from gateway.traffic.protocols import protocol_name
from gateway.traffic.question import Question
from gateway.traffic.store import Questions
from gateway.traffic.terms import Pattern, Patterns, Words
from shared.flowlog.record import Source

_LOGS = Words(SOURCE, (Source.AGENT.value,), negated=True)


class Conversations:
    """The page of the conversations."""

    def __init__(self, record_pages: RecordPages) -> None:
        self._record_pages = record_pages

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /conversations`."""
        after, problems = None, {}
        if text := request.query_params.get("after"):
            try:
                after = After.parse(text)
            except ValueError:
                problems = {"after": "This position in the list is not valid. Go to the newest conversations."}
        return await self._record_pages.show(
            request, visitor, "traffic/conversations.html", partial(_answer, after), problems=problems
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A conversation in the list.

    Attributes:
        it: The conversation.
        service: Its protocol and port in words.
        rows: The address of all its records.
        weighed: The address of those whose bytes it has.
        logs: The address of those that come from logs.
        agents: Each machine whose agent saw it, with the address of that agent's records.
    """

    it: Conversation
    service: str
    rows: str | None
    weighed: str | None
    logs: str | None
    agents: tuple[tuple[str, str | None], ...]


def _answer(after: After | None, records: Questions, question: Question, view: View) -> Mapping[str, Any]:
    page = records.conversations(question, after)
    # The time is fixed, so that no conversation slips past while somebody reads.
    fixed = view.fixed()
    return {
        "lines": [_line(each, view) for each in page.conversations],
        "newest": view_url(fixed) if after else None,
        "older": view_url(fixed, after=str(page.after)) if page.after else None,
    }


def _line(it: Conversation, view: View) -> Line:
    minute = view.within(max(it.minute, view.start), min(it.minute + MINUTE_MS, view.end))

    def rows(*terms: Patterns | Words) -> str | None:
        return records_url(minute, *it.terms, *terms)

    hosts = sorted({*it.client.hosts, *it.server.hosts})
    return Line(
        it,
        f"{protocol_name(it.protocol)}/{it.port}",
        rows(),
        summed_url(minute, *it.terms),
        rows(_LOGS),
        tuple((host, rows(Patterns(HOST, (Pattern(host, exact=True),)))) for host in hosts),
    )
