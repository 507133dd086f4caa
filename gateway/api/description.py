"""`/openapi.json`: a description of the HTTP API for programs."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_DOCUMENT: Final = (Path(__file__).parent / "openapi.json").read_bytes()


async def describe(_request: Request) -> Response:
    """Answer `GET /openapi.json`."""
    return Response(_DOCUMENT, media_type="application/json")
