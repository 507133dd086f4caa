"""The API gateway's answers: in its own form, or from something in front of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from speaking import Patience
from web import Answer, request

_PASSES = {0, 408, 425, 429}
_WRONG_KIND = "wrong_token_kind"
_SEVERAL = "deployment_missing"
_CODE = re.compile("[a-z][a-z0-9_-]{0,39}")
_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class Gateway:
    """A gateway, and the token that it issued, which is never shown."""

    url: str
    token: str

    def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Send a request with the token, and again for as long as a failure may pass by itself."""
        patience = Patience(60)
        headers = {"Content-Type": "application/json"} if body else {}
        while True:
            answer = request(method, self.url.rstrip("/") + path, headers=headers, body=body, bearer=self.token)
            if not may_pass(answer.status) or not patience.wait():
                return answer

    def foreign(self, answer: Answer) -> str:
        """Return what to say about a refusal that is not in the gateway's own form; nothing for any other answer."""
        client_errors = range(400, 500)
        if answer.status not in client_errors or answer.status in _PASSES or _in_own_form(answer):
            return ""
        return (
            f"The gateway at {self.url} answered HTTP {answer.status}, but not in its own form: something in front of "
            "it (a WAF, a firewall, a proxy) may be refusing the request"
        )


def may_pass(status: int) -> bool:
    """Return whether a failure may pass by itself."""
    return status in _PASSES or status >= 500  # noqa: PLR2004 -- HTTP's own


def refusal(answer: Answer) -> str:
    """Return what to do about a token that the gateway itself refused, by its code; nothing else of its answer."""
    if _code(answer) == _WRONG_KIND:
        return "It is an agent's token: create one of kind ingest in its console, under Tokens"
    return "Get a new one from its console"


def is_ambiguous(answer: Answer) -> bool:
    """Return whether a deregistration that named no deployment could mean any of several."""
    return _code(answer) == _SEVERAL


def token_end(answer: Answer) -> str | None:
    """Return when the token expires according to the answer; None, and nothing else of it, if that is not a time."""
    said = answer.json()
    end = said.get("expiresAt") if isinstance(said, dict) else None
    return end if isinstance(end, str) and _TIME.fullmatch(end) else None


def _in_own_form(answer: Answer) -> bool:
    return bool(_code(answer))


def _code(answer: Answer) -> str:
    """Return the code of an error in the gateway's own form; nothing of any other answer."""
    said = answer.json()
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return ""
    code, message = error.get("code"), error.get("message")
    return code if isinstance(code, str) and _CODE.fullmatch(code) and isinstance(message, str) else ""
