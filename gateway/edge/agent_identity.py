"""Which agent sends a request, according to its headers."""

import re
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final
from uuid import UUID

from starlette.requests import Request

from gateway.api.errors import ApiError
from gateway.stores.agents import AgentIdentity
from shared.flowlog.check import TEXT_BYTES, fits

_LONGEST_HOST: Final = 255
_LONGEST_TEXT: Final = 200
_MOST_ADDRESSES: Final = 64
_DIGITS: Final = re.compile(r"[0-9]{1,9}")


def agent_id(request: Request) -> str:
    """Return the id of the agent that sends a request.

    Raises:
        ApiError: 400 if there is none.
    """
    text = request.headers.get("agent-id", "")
    try:
        if str(UUID(text)) == text.lower():
            return text.lower()
    except ValueError:
        pass
    raise _bad("Send the agent's UUID in the header Agent-Id.")


def identity_of(request: Request) -> AgentIdentity:
    """Return everything that an agent says about itself.

    Raises:
        ApiError: 400 if it is not valid.
    """
    host = _host(request)
    if not (0 < len(host) <= _LONGEST_HOST and fits(host, TEXT_BYTES) and host.isprintable()):
        raise _bad(f"Send the machine's name in the header Agent-Host, 1 to {_LONGEST_HOST} characters.")
    return AgentIdentity(
        agent_id(request),
        host,
        _text(request, "Agent-System"),
        _text(request, "Agent-Version"),
        _addresses(request),
    )


def describes_agent(request: Request) -> bool:
    """Return whether a request says more about its agent than the id."""
    return "agent-host" in request.headers


def behind(request: Request, now: datetime) -> timedelta | None:
    """Return by how much the agent's clock is behind; None if it does not send its time."""
    try:
        sent_at = datetime.fromisoformat(request.headers.get("agent-sent-at", ""))
        return now - sent_at
    except (ValueError, TypeError, OverflowError):  # not a time, one without a zone, or one that is out of range
        return None


def dropped(request: Request) -> int:
    """Return how many intervals the agent says it had to drop."""
    text = request.headers.get("agent-dropped-intervals", "")
    return int(text) if _DIGITS.fullmatch(text) else 0


def _host(request: Request) -> str:
    # Decoded first: a byte within a character may look like white space.
    try:
        return request.headers.get("agent-host", "").encode("latin-1").decode().strip()
    except UnicodeDecodeError:
        raise _bad("Send the machine's name in the header Agent-Host as UTF-8.") from None


def _text(request: Request, name: str) -> str:
    text = request.headers.get(name, "").strip()
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        raise _bad(
            f"The header {name} has more than {_LONGEST_TEXT} characters, or contains some that cannot be displayed."
        )
    return text


def _addresses(request: Request) -> tuple[str, ...]:
    texts = [text.strip() for text in request.headers.get("agent-addresses", "").split(",") if text.strip()]
    try:
        addresses = tuple(str(ip_address(text)) for text in texts)
    except ValueError:
        raise _bad("Send the machine's addresses in the header Agent-Addresses, separated by commas.") from None
    if len(addresses) > _MOST_ADDRESSES:
        raise _bad(f"Send at most {_MOST_ADDRESSES} addresses in the header Agent-Addresses.")
    return addresses


def _bad(message: str) -> ApiError:
    return ApiError(400, "bad_agent", message)
