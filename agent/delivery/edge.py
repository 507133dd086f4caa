"""Communication with the edge: HTTPS, with a certificate that is always verified and answers that are checked."""

from __future__ import annotations

import http.client
import logging
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from agent import __version__
from agent.clock import Clock, iso
from agent.delivery.spool import Batch
from agent.delivery.token import Token
from agent.errors import BatchRefused, EdgeAway, SettingError, TokenRefused, WrongAddress
from agent.flows.addresses import canonical
from agent.flows.table import Endpoint
from agent.foreign import Refusal, parsed, plain_words, refusal_in
from agent.identity import Identity

_logger = logging.getLogger("agent.edge")
PORT: Final = 8048
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 30.0
LONG_POLL_SECONDS: Final = 45.0
"""The edge answers a long poll after 30 seconds at the latest."""
SKEW_MAX_SECONDS: Final = 60
_ANSWER_MAX: Final = 256 * 1024
_PORT_MAX: Final = 65_535
_CHECK: Final = "Check --edge, and what is between this machine and the edge."
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_REFUSED: Final = frozenset({400, 409, 413, 422})
_NO_TOKEN: Final = frozenset({401, 403})
_LATER: Final = frozenset({408, 425, 429})
_SERVER_ERRORS: Final = range(500, 600)


class Address(NamedTuple):
    """Where the edge is."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Answer(NamedTuple):
    """What the edge answered.

    Attributes:
        status: The HTTP status. headers: by name.
        body: As it arrived.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Taken(NamedTuple):
    """The edge's answer to an interval that it accepted.

    Attributes:
        accepted: How many records it accepted.
        duplicate: Whether it already had the interval.
        rejected: Why it rejected other records, by line number from 0, in words that contain no secret.
    """

    accepted: int
    duplicate: bool
    rejected: Mapping[int, str]


def parse_address(text: str) -> Address:
    """Parse an address given as HOST or HOST:PORT.

    Raises:
        SettingError: It is not one.
    """
    host, found, port = text.rpartition(":")
    if not found or text.endswith("]"):
        host, port = text, str(PORT)
    if not _HOST.fullmatch(host) or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= _PORT_MAX):
        message = f"The edge's address must be HOST or HOST:PORT, not {text!r:.80}."
        raise SettingError(message)
    return Address(host.strip("[]"), int(port))


def make_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the context that verifies certificates: with the system's authorities, or only with those in a file.

    Raises:
        SettingError: The file can't be read, or contains no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        message = f"The CA file {ca_file} can't be used: {getattr(error, 'strerror', None) or error}."
        raise SettingError(message) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Edge:
    """The edge, from one agent's view."""

    def __init__(
        self,
        address: Address,
        context: ssl.SSLContext,
        token: Callable[[], Token],
        identity: Identity,
        clock: Clock,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            address: Where it is.
            context: How its certificate is verified.
            token: Returns the token; called before each request, so that a new one takes effect at once.
            identity: Who sends the requests.
            clock: The machine's time.
        """
        self.address = address
        self._context = context
        self._token = token
        self._identity = identity
        self._clock = clock
        self._peers: frozenset[Endpoint] = frozenset()
        self.skew_seconds: float | None = None

    @property
    def peers(self) -> frozenset[Endpoint]:
        """The addresses at which it was reached so far: connections to these are the agent's own traffic."""
        return self._peers

    def ask(self, known: str | None) -> Mapping[str, object]:
        """Poll for settings; the edge delays its answer until they differ from the known ones, up to a limit.

        Args:
            known: The etag of the settings that the agent has.

        Raises:
            EdgeError: As the subclass says.
        """
        query = "" if known is None else f"?known={quote(known, safe='')}"
        answer = self._request("GET", f"/agent/v1/request{query}", timeout=LONG_POLL_SECONDS)
        return _object(answer, self.address)

    def post(self, batch: Batch, dropped: int) -> Taken:
        """Send an interval.

        Args:
            batch: The interval.
            dropped: How many intervals were dropped unsent so far.

        Raises:
            EdgeError: As the subclass says.
        """
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Idempotency-Key": f"{self._identity.agent_id}:{batch.start_ms}",
            "Agent-Sent-At": iso(self._clock.now_ms()),
            "Agent-Dropped-Intervals": str(dropped),
        }
        answer = self._request("POST", "/agent/v1/traffic", body=batch.body, headers=headers)
        taken = _taken(_object(answer, self.address))
        if taken is None or taken.accepted + len(taken.rejected) != batch.lines:
            message = f"{self.address} does not account for {batch.lines} records. {_CHECK}"
            raise WrongAddress(message)
        return taken

    def health(self) -> Mapping[str, object]:
        """Get the edge's health and time. That needs no token.

        Raises:
            EdgeError: As the subclass says.
        """
        return _object(self._request("GET", "/healthz", with_token=False), self.address)

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = READ_SECONDS,
        with_token: bool = True,
    ) -> Answer:
        sent = {"User-Agent": f"sluice-agent/{__version__}", **(headers or {})}
        if with_token:
            # Before anything is opened: without a token there is nothing to ask.
            sent = {"Authorization": f"Bearer {self._token().reveal}", **self._identity.headers(), **sent}
        try:
            answer = self._exchange(method, path, body, sent, timeout)
        except ssl.SSLCertVerificationError as error:
            message = f"The certificate of {self.address} can't be trusted: {error.verify_message}. Nothing was sent."
            raise EdgeAway(message) from error
        except http.client.IncompleteRead:
            message = f"The connection to {self.address} was closed early."
            raise EdgeAway(message) from None  # which holds what arrived
        except OSError as error:
            message = f"{self.address} can't be reached: {error.strerror or error}."
            raise EdgeAway(message) from error
        except http.client.HTTPException as error:
            message = f"{self.address} does not speak HTTP: {type(error).__name__}."
            raise WrongAddress(message) from None  # which may hold what arrived
        self._compare_clocks(answer)
        _judge(answer, self.address)
        return answer

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float
    ) -> Answer:
        connection = http.client.HTTPSConnection(*self.address, timeout=CONNECT_SECONDS, context=self._context)
        try:
            connection.connect()
            self._remember_peer(connection.sock)
            connection.sock.settimeout(timeout)
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            content = response.read(_ANSWER_MAX + 1)
            if len(content) > _ANSWER_MAX:
                message = f"The answer of {self.address} is too long."
                raise WrongAddress(message)
            if response.length:  # read() with a limit does not need it
                raise http.client.IncompleteRead(content, response.length)
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
        finally:
            connection.close()

    def _remember_peer(self, connected: socket.socket) -> None:
        host, port = connected.getpeername()[:2]
        address = canonical(host)
        if address is not None:
            self._peers |= {Endpoint(address, port)}

    def _compare_clocks(self, answer: Answer) -> None:
        skew = skew_of(answer.headers.get("date", ""), self._clock.now_ms())
        was_wrong = self.skew_seconds is not None and abs(self.skew_seconds) > SKEW_MAX_SECONDS
        self.skew_seconds = skew
        if skew is None or (abs(skew) > SKEW_MAX_SECONDS) is was_wrong:
            return
        if was_wrong:
            _logger.warning("This machine's clock agrees with the edge's again.")
        else:
            _logger.warning("%s The times of its records are wrong by as much: correct the clock.", skew_sentence(skew))


def skew_of(date: str, now_ms: int) -> float | None:
    """Return by how many seconds a clock is ahead of an answer's Date; None if that is not a valid time."""
    try:
        return now_ms / 1000 - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def skew_sentence(skew: float) -> str:
    """Return a sentence about a clock."""
    return f"This machine's clock is {abs(skew):,.0f} seconds {'ahead of' if skew > 0 else 'behind'} the edge's."


def _judge(answer: Answer, address: Address) -> None:
    """Raise the error that a status means for a request."""
    status = answer.status
    if status == http.client.OK:
        return
    refusal = refusal_in(answer.body)
    words = f"{address} answers {status}{_told(refusal)}"
    if status in _LATER or status in _SERVER_ERRORS:
        raise EdgeAway(words, _retry_after(answer.headers))
    if refusal is None:
        message = (
            f"{address} answers {status}, but not in the edge's own form: something in front of it (a WAF, a firewall, "
            f"a proxy) may be refusing the request. {_CHECK}"
        )
        raise WrongAddress(message)
    if status in _NO_TOKEN:
        raise TokenRefused(words)
    if status in _REFUSED:
        raise BatchRefused(words)
    raise WrongAddress(words)


def _told(refusal: Refusal | None) -> str:
    if refusal is None or not refusal.message:
        return "."
    return f": {refusal.message}" + (f" ({refusal.code})" if refusal.code else "")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds to wait; a date is relative to the time of the answer itself."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= len("86400"):
        return float(text)
    try:
        until = parsedate_to_datetime(text).timestamp()
        return max(0.0, until - parsedate_to_datetime(headers.get("date", "")).timestamp())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _object(answer: Answer, address: Address) -> Mapping[str, object]:
    document = parsed(answer.body)
    if not isinstance(document, dict):
        message = f"{address} answers 200 with something that is not a JSON object. {_CHECK}"
        raise WrongAddress(message)
    return document


def _taken(document: Mapping[str, object]) -> Taken | None:
    accepted, duplicate, lines = (document.get(name) for name in ("accepted", "duplicate", "rejected"))
    if type(accepted) is not int or not isinstance(duplicate, bool) or not isinstance(lines, list):
        return None
    rejected: dict[int, str] = {}
    for each in lines:
        if not isinstance(each, dict) or type(each.get("line")) is not int or not isinstance(each.get("reason"), str):
            return None
        rejected[each["line"]] = plain_words(each["reason"])
    return Taken(accepted, duplicate, rejected) if len(rejected) == len(lines) else None
