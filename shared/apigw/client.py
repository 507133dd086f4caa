"""One call to the API gateway, and what its answer means.

The answers, and what follows from each, are those of the gateway's HTTP API (`docs/delivery.md`, "Answers"). One call
here is one attempt; trying again is up to the caller.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote

import orjson
import requests
from urllib3 import Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from shared.apigw.foreign import error_code, plain_words
from shared.apigw.http import Session, bearer
from shared.apigw.token import TokenSource
from shared.clock import Clock
from shared.egress import advice
from shared.errors import Contradicted, Malformed, RetryLater, SluiceError, TokenRefused, TooLarge, UnexpectedAnswer
from shared.secret import Secret

LONGEST_SECONDS = 60.0
"""How long one attempt may take, whether its connection stands still or its answer trickles in."""
_CONNECT_SECONDS = 5.0
_SHORTEST_SECONDS = 1.0
_LONGEST_ANSWER = 16 * 1024 * 1024
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_SERVER_ERRORS = range(500, 600)
_WRONG_KIND = "wrong_token_kind"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A line that the gateway rejected.

    Attributes:
        line: Its number in the batch, from 0.
        reason: What in the gateway's sentence is known not to be secret.
    """

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The gateway's answer to a batch that it has dealt with.

    Attributes:
        accepted: How many lines it accepted.
        rejected: The others, each with a reason.
        duplicate: Whether it already had this batch, and repeats its first answer.
    """

    accepted: int
    rejected: tuple[Rejection, ...]
    duplicate: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    # `wait` in seconds, from Retry-After.
    status: int
    wait: float | None
    content: bytes


class GatewayClient:
    """Speaks the gateway's HTTP API; safe to share between threads."""

    def __init__(self, url: str, tokens: TokenSource, clock: Clock) -> None:
        self._url = url
        self._tokens = tokens
        self._clock = clock
        self._session = Session()

    def post_flow_logs(
        self, body: bytes, lines: int, key: str, blob: str | None = None, seconds: float = LONGEST_SECONDS
    ) -> Receipt:
        """Post one batch of flow records.

        Args:
            body: Gzipped NDJSON.
            lines: How many records that is.
            key: The batch's idempotency key.
            blob: The log blob that it comes from, as `ACCOUNT/CONTAINER/NAME`; a gateway may show it to people.
            seconds: How long it may take.

        Raises:
            RetryLater: It is busy, slow or broken; nothing is known about the batch.
            TokenRefused: It refuses the token, and no newer one is available.
            TooLarge, Malformed: The batch as it is will never be accepted.
            UnexpectedAnswer: An answer that the gateway never gives, or a refusal that is not the gateway's own.
        """
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Idempotency-Key": key,
        }
        if blob is not None:
            headers["Flow-Log"] = quote(blob, safe="/=")
        answer = self._call("POST", "/qas/flow-logs", headers, body, seconds)
        if answer.status != HTTPStatus.ACCEPTED:
            raise _refusal(answer)
        return _receipt(answer, lines)

    def token_expiry(self) -> datetime:
        """Return when the subscription token expires.

        Raises:
            RetryLater, TokenRefused, TooLarge, Malformed, UnexpectedAnswer: As for a post.
        """
        answer = self._call("GET", "/qas/subscription-token", {}, None)
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer)
        try:
            time = datetime.fromisoformat(orjson.loads(answer.content)["expiresAt"])
            if time.tzinfo is None:
                raise ValueError
            return time.astimezone(UTC)
        except (ValueError, OverflowError, KeyError, TypeError):
            raise UnexpectedAnswer("The gateway does not say when the token expires. Check APIGW_URL.") from None

    def _call(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, seconds: float = LONGEST_SECONDS
    ) -> _Answer:
        end = self._clock.monotonic() + min(seconds, LONGEST_SECONDS)
        token = self._tokens.token()
        answer = self._attempt(method, path, headers, body, token, end)
        # For any 401: a proxy that checks the token itself would accept a rotated one, too.
        if (answer.status == HTTPStatus.UNAUTHORIZED or _is_of_wrong_kind(answer)) and self._tokens.renew(token):
            answer = self._attempt(method, path, headers, body, self._tokens.token(), end)
        return answer

    def _attempt(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, token: Secret, end: float
    ) -> _Answer:
        left = end - self._clock.monotonic()
        if left < _SHORTEST_SECONDS:  # the token took its time
            raise RetryLater("There was no time left for the gateway to answer.")
        timeout = Timeout(connect=min(_CONNECT_SECONDS, left / 2), total=left)
        try:
            with self._session.request(
                method,
                self._url + path,
                data=body,
                headers=headers | bearer(token),
                timeout=timeout,
                stream=True,
            ) as answer:
                content = b"".join(_limited(answer))
                return _Answer(answer.status_code, self._wait(answer.headers.get("Retry-After")), content)
        except NewConnectionError as error:  # for urllib3 it is a timeout, too
            raise _broken(error) from None
        except (requests.Timeout, ReadTimeoutError, ConnectTimeoutError):
            raise RetryLater("The gateway did not answer in time.") from None
        except requests.exceptions.SSLError as error:
            remedy = advice(error) or " Check the certificate and APIGW_URL."
            raise RetryLater(
                f"The TLS handshake with the gateway failed, or its certificate is not valid.{remedy}"
            ) from None
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _broken(error) from None

    def _wait(self, retry_after: str | None) -> float | None:
        if retry_after is None:
            return None
        text = retry_after.strip()
        if text.isascii() and text.isdecimal() and len(text) < 10:  # noqa: PLR2004
            return float(text)
        try:
            when = parsedate_to_datetime(text).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        return max(0.0, (when - self._clock.now()).total_seconds())


def _broken(error: Exception) -> RetryLater:
    return RetryLater(f"The connection to the gateway failed ({type(error).__name__}).{advice(error)}")


def _limited(answer: requests.Response) -> Iterator[bytes]:
    total = 0
    while chunk := answer.raw.read1(64 * 1024, decode_content=True):
        total += len(chunk)
        if total > _LONGEST_ANSWER:
            raise UnexpectedAnswer("The gateway's answer does not end. Check APIGW_URL.")
        yield chunk


def _refusal(answer: _Answer) -> SluiceError:
    status, code = answer.status, error_code(answer.content)
    said = f"The gateway answered {status}" + (f" ({code})" if code else "")
    # A body that is too large, or a bad time, is true whoever on the way says so.
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(f"{said}: the batch is too large.")
    if status in _LATER or status in _SERVER_ERRORS:
        return RetryLater(f"{said}.", answer.wait)
    if code is None:
        return UnexpectedAnswer(
            f"{said}, but not in its own form: something in front of it (a WAF, a firewall, a proxy) may be refusing "
            "the request. Check what is there, and APIGW_URL."
        )
    return _own_refusal(status, said, code)


def _is_of_wrong_kind(answer: _Answer) -> bool:
    return answer.status == HTTPStatus.FORBIDDEN and error_code(answer.content) == _WRONG_KIND


def _own_refusal(status: int, said: str, code: str) -> SluiceError:
    if code == _WRONG_KIND:
        return TokenRefused(
            f"{said}: the token is an agent's. Create one of kind ingest in the gateway's console, under Tokens, and "
            "replace it."
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return TokenRefused(f"{said}: it refuses the subscription token. Create a new one and replace it.")
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
        return Malformed(f"{said}: the batch is malformed.")
    if status == HTTPStatus.CONFLICT:
        return Contradicted(f"{said}: it has a batch with other content under the same key. See docs/operations.md.")
    return UnexpectedAnswer(f"{said}, which is not an answer to flow logs. Check APIGW_URL and the gateway.")


def _receipt(answer: _Answer, lines: int) -> Receipt:
    try:
        document = orjson.loads(answer.content)
        receipt = Receipt(
            accepted=_typed(int, document["accepted"]),
            rejected=tuple(_rejection(item) for item in _typed(list, document["rejected"])),
            duplicate=_typed(bool, document["duplicate"]),
        )
    except (ValueError, KeyError, TypeError):
        raise UnexpectedAnswer("The gateway answered 202, but not in its own form. Check APIGW_URL.") from None
    numbers = {rejection.line for rejection in receipt.rejected}
    distinct = len(numbers) == len(receipt.rejected) and numbers <= set(range(lines))
    if not distinct or receipt.accepted + len(receipt.rejected) != lines:
        raise UnexpectedAnswer(f"The gateway answered 202, but its counts do not add up to the {lines} records sent.")
    return receipt


def _rejection(item: dict[str, object]) -> Rejection:
    # Reasons are stored in quarantine, and shown from there.
    return Rejection(_typed(int, item["line"]), plain_words(_typed(str, item["reason"])))


def _typed[T](kind: type[T], value: object) -> T:
    if type(value) is not kind:  # a bool is not a number here
        raise TypeError
    return value
