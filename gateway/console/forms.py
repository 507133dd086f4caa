"""What people enter into forms."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from gateway.api.body import read_body
from gateway.api.errors import ApiError
from gateway.console.errors import PageError
from gateway.limits import Limits

_MOST_FIELDS: Final = 1000
_BOUNDARY: Final = re.compile(r"""multipart/form-data;\s*boundary="?([0-9A-Za-z'()+_,./:=? -]{1,70})"?""")
_NAME: Final = re.compile(
    rb"""^content-disposition:\s*form-data;\s*name="([^"\r\n]*)\"""", re.IGNORECASE | re.MULTILINE
)


class Form:
    """The fields of a submitted form."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    def __contains__(self, name: str) -> bool:
        """Return whether a field was sent at all, such as the button that was pressed."""
        return name in self._fields

    def text(self, name: str) -> str:
        """Return a field's value without surrounding white space; empty if it was not sent."""
        return self.verbatim(name).strip()

    def verbatim(self, name: str) -> str:
        """Return a field's value exactly as entered."""
        return self._fields.get(name, [""])[0]

    def all(self, name: str) -> Sequence[str]:
        """Return the values of all fields with one name."""
        return self._fields.get(name, [])


async def read_form(request: Request, limits: Limits) -> Form:
    """Read a request's form; return the same one if it is read again.

    Raises:
        PageError: 400 for something that is not a form, 408 and 413 as in the HTTP API.
    """
    if not hasattr(request.state, "form"):
        try:
            body = await read_body(request, limits.form_bytes, limits.body_seconds)
        except ApiError as error:
            too_long = f"The form is longer than {limits.form_bytes} bytes. Shorten it, and submit it again."
            raise PageError(error.status, too_long if error.status == 413 else error.message) from None  # noqa: PLR2004
        try:
            fields = _fields(request.headers.get("content-type", ""), body)
        except ValueError:
            raise PageError(400, "The form could not be read. Reload the page, and submit the form again.") from None
        request.state.form = Form(fields)
    form: Form = request.state.form
    return form


def _fields(media_type: str, body: bytes) -> dict[str, list[str]]:
    """Read the fields of a form, in either of the encodings that browsers use; a file's value is its text.

    Raises:
        ValueError: There are too many fields, or it is not UTF-8.
    """
    boundary = _BOUNDARY.fullmatch(media_type)
    if boundary is None:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    fields: dict[str, list[str]] = {}
    # RFC 7578; what comes before the first boundary and after the last is not part of any field.
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode(), _MOST_FIELDS + 1)[1:-1]
    if len(parts) >= _MOST_FIELDS:
        raise ValueError("too many fields")
    for part in parts:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is not None:
            fields.setdefault(name[1].decode(), []).append(content.decode())
    return fields


def text_error(text: str, longest: int) -> str:
    """Return what is wrong with a name or description that somebody entered; empty if nothing is."""
    if not text:
        return "Enter a text by which you will recognise this later."
    if len(text) > longest:
        return f"Shorten this to {longest} characters."
    return "" if text.isprintable() else "Remove the control characters, such as line breaks."


def whole_number(text: str) -> int | None:
    """Return the number in an address, if SQLite can store it."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004 - digits
