"""What people enter into forms."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from gateway.api.body import read_beginning
from gateway.api.errors import ApiError
from gateway.console.errors import PageError
from gateway.limits import Limits

_MOST_FIELDS: Final = 1000
_BOUNDARY: Final = re.compile(r"""multipart/form-data;\s*boundary="?([0-9A-Za-z'()+_,./:=? -]{1,70})"?""")
_NAME: Final = re.compile(
    rb"""^content-disposition:\s*form-data;\s*name="([^"\r\n]*)"(;\s*filename=)?""", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Form:
    """A submitted form.

    Attributes:
        fields: The texts of its fields, by name.
        files: The contents of the files that were chosen in it, by the field's name. Without a file, browsers send an
            empty one.
        is_cut: Whether it was too long, so that it ends in the middle: it must not be carried out.
    """

    fields: Mapping[str, Sequence[str]] = field(repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    is_cut: bool = False

    def __contains__(self, name: str) -> bool:
        """Return whether a field was sent at all, such as the button that was pressed."""
        return name in self.fields

    def text(self, name: str) -> str:
        """Return a field's value without surrounding white space; empty if it was not sent."""
        return self.verbatim(name).strip()

    def verbatim(self, name: str) -> str:
        """Return a field's value exactly as entered."""
        return self.fields.get(name, [""])[0]

    def all(self, name: str) -> Sequence[str]:
        """Return the values of all fields with one name."""
        return self.fields.get(name, [])


async def read_form(request: Request, limits: Limits) -> Form:
    """Read a request's form; return the same one if it is read again.

    Raises:
        PageError: 400 for something that is not a form, 408 and 413 as in the HTTP API.
    """
    form = await read_beginning_of_form(request, limits)
    if form.is_cut:
        raise PageError(413, f"The form is longer than {limits.form_bytes} bytes. Shorten it, and submit it again.")
    return form


async def read_beginning_of_form(request: Request, limits: Limits) -> Form:
    """Read a request's form as `read_form` does, but only the beginning of one that is too long."""
    if not hasattr(request.state, "form"):
        try:
            body = await read_beginning(request, limits.form_bytes, limits.body_seconds)
        except ApiError as error:
            raise PageError(error.status, error.message) from None
        try:
            request.state.form = _read(request.headers.get("content-type", ""), body, limits.form_bytes)
        except ValueError:
            raise PageError(400, "The form could not be read. Reload the page, and submit the form again.") from None
    form: Form = request.state.form
    return form


def _read(media_type: str, body: bytes, longest: int) -> Form:
    """Read a form in either of the encodings that browsers use. What is cut off at its end is left out.

    Raises:
        ValueError: There are too many fields, or their texts are not UTF-8.
    """
    is_cut = len(body) > longest
    boundary = _BOUNDARY.fullmatch(media_type)
    if boundary is None:
        whole = body.rpartition(b"&")[0] if is_cut else body
        return Form(parse_qs(whole.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS), is_cut=is_cut)
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    # RFC 7578; what comes before the first boundary and after the last is not part of any field.
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode(), _MOST_FIELDS + 1)[1:-1]
    if len(parts) >= _MOST_FIELDS:
        raise ValueError("too many fields")
    for part in parts:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        found = _NAME.search(head)
        if found is None:
            continue
        if found[2] is None:
            fields.setdefault(found[1].decode(), []).append(content.decode())
        else:
            files[found[1].decode()] = content
    return Form(fields, files, is_cut)


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
