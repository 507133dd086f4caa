"""A gateway on a real server of its own that accepts whatever it is sent."""

import contextlib
import gzip
from collections.abc import Iterator

from dev.certificate import Certificate
from tests.support.servers import LocalServer, Request, answer, serving


def accept(request: Request) -> list[bytes]:
    """Answer as a gateway that takes every line."""
    return answer(202, {"accepted": len(lines_of(request)), "duplicate": False, "rejected": []})


def lines_of(request: Request) -> list[str]:
    """Return the flow records of a post, one a line."""
    return gzip.decompress(request.body).decode().splitlines()


@contextlib.contextmanager
def accepting_gateway(certificate: Certificate | None = None) -> Iterator[LocalServer]:
    with serving(accept, certificate) as server:
        yield server
