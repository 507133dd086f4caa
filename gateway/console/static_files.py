"""Files that pages refer to, kept in memory: files that are not there at the start are never looked for."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.compression import takes_gzip
from gateway.console.errors import not_found

_FOLDER: Final = Path(__file__).parent / "static"
_GAIN: Final = 0.9
"""A file is only stored compressed if that makes it smaller than this fraction of its size."""
_TAG: Final = re.compile(r'"[^"]*"')
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    compressed: bytes | None
    media_type: str
    digest: str


class StaticFiles:
    """Answers `/static/NAME`."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._files = {path.relative_to(folder).as_posix(): _read(path) for path in folder.rglob("*") if path.is_file()}

    def url(self, name: str) -> str:
        """Return the address of a file, which changes with its content, so that browsers can cache it for ever."""
        return f"/static/{name}?{self._files[name].digest}"

    async def get(self, request: Request) -> Response:
        """Answer with a file."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise not_found("file")
        headers = {"Cache-Control": _FOR_EVER if request.url.query == file.digest else "no-cache"}
        content, etag = file.content, f'"{file.digest}"'
        if file.compressed is not None:
            headers["Vary"] = "Accept-Encoding"
            if takes_gzip(request.headers):
                content, etag = file.compressed, f'"{file.digest}-gzip"'
                headers["Content-Encoding"] = "gzip"
        headers["ETag"] = etag
        if etag in _TAG.findall(request.headers.get("if-none-match", "")):
            headers.pop("Content-Encoding", None)
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=file.media_type)


def _read(path: Path) -> _File:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "text/plain"
    compressed = gzip.compress(content, mtime=0)
    worth_it = len(compressed) < len(content) * _GAIN
    return _File(content, compressed if worth_it else None, media_type, hashlib.sha256(content).hexdigest()[:16])
