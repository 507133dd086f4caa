"""What people have typed into forms."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from gateway.api.body import read_body
from gateway.api.errors import ApiError
from gateway.console.errors import PageError
from gateway.limits import Limits

_MOST_FIELDS: Final = 1000


class Form:
    """The fields of a form that was sent."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    def __contains__(self, name: str) -> bool:
        """Tell whether a field was sent at all, as the button is that was pressed."""
        return name in self._fields

    def text(self, name: str) -> str:
        """Give what a field holds, without the blanks around it; nothing if it was not sent."""
        return self.verbatim(name).strip()

    def verbatim(self, name: str) -> str:
        """Give what a field holds, as it was typed."""
        return self._fields.get(name, [""])[0]

    def all(self, name: str) -> Sequence[str]:
        """Give what all fields of one name hold."""
        return self._fields.get(name, [])


async def read_form(request: Request, limits: Limits) -> Form:
    """Read the form that a request brings; the same one however often it is asked for.

    Raises:
        PageError: 400 for something that is no form, 408 and 413 as the HTTP API has them.

    """
    if not hasattr(request.state, "form"):
        try:
            body = await read_body(request, limits.form_bytes, limits.body_seconds)
        except ApiError as error:
            too_long = f"The form is longer than {limits.form_bytes} bytes. Shorten it, and send it again."
            raise PageError(error.status, too_long if error.status == 413 else error.message) from None  # noqa: PLR2004
        try:
            fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise PageError(400, "The form could not be read. Open the page again, and send it from there.") from None
        request.state.form = Form(fields)
    form: Form = request.state.form
    return form


def text_error(text: str, longest: int) -> str:
    """Tell what is wrong with a text that people give to a thing; nothing if it is all right."""
    if not text:
        return "Enter a text; it is how you will find this again."
    if len(text) > longest:
        return f"Shorten this to {longest} characters."
    return "" if text.isprintable() else "Leave out the control characters, such as line ends."


def whole_number(text: str) -> int | None:
    """Give the number that stands in an address, if it is one that SQLite can hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004 - digits
