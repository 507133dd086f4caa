"""The ways in which the gateway fails, and what the figures call them."""

from enum import Enum
from typing import Final

from dev.gateway.faults import NOT_JSON, WRONG_SUM, Answer, Fault, LostReply, Reset, Slow

_SLOW_SECONDS = 0.2
_FOR_LONG = 3600
_PAGE = b"<html><h1>Request blocked</h1></html>"


class Failure(Enum):
    """One way to fail, which a schedule asks for at a certain post."""

    BUSY = "429 with Retry-After"
    AWAY = "503 with Retry-After"
    AWAY_FOR_LONG = "503 for an hour"
    TIMED_OUT = "408"
    BROKEN = "500"
    TOKEN_REFUSED = "401"
    FORBIDDEN = "403"
    TOO_LARGE = "413"
    BLOCKED = "403 of a firewall"
    MISTAKEN = "400 of a proxy"
    REDIRECTED = "302"
    NOT_FOUND = "404"
    WRONG_SUM = "202 that does not add up"
    NOT_JSON = "202 of a proxy"
    SLOW = "slow"
    RESET = "reset before storing"
    LOST_REPLY = "reply lost after storing"


FAULTS: Final[dict[Failure, Fault]] = {
    Failure.BUSY: Answer(429, 1),
    Failure.AWAY: Answer(503, 1),
    Failure.AWAY_FOR_LONG: Answer(503, _FOR_LONG),
    Failure.TIMED_OUT: Answer(408),
    Failure.BROKEN: Answer(500),
    Failure.TOKEN_REFUSED: Answer(401),
    Failure.FORBIDDEN: Answer(403),
    Failure.TOO_LARGE: Answer(413),
    Failure.BLOCKED: Answer(403, body=_PAGE),
    Failure.MISTAKEN: Answer(400, body=_PAGE),
    Failure.REDIRECTED: Answer(302),
    Failure.NOT_FOUND: Answer(404),
    Failure.WRONG_SUM: WRONG_SUM,
    Failure.NOT_JSON: NOT_JSON,
    Failure.SLOW: Slow(_SLOW_SECONDS),
    Failure.RESET: Reset(),
    Failure.LOST_REPLY: LostReply(),
}


class Refusal(Enum):
    """One way to fail that follows from what is posted, or when."""

    LINE_REFUSED = "400 for one line"
    LINE_REJECTED = "202 without one line"
    IN_PROGRESS = "425"
