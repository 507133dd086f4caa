"""A person at the console, as tests play one: over real HTTP, with the cookies and forms of a browser."""

import html
import re
from dataclasses import dataclass
from typing import Any

import requests

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Person:
    """Asks for pages and sends forms, in a session of their own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def get(self, path: str, **options: Any) -> requests.Response:
        """Ask for a page; a redirection is not followed."""
        return self.session.get(self.url + path, timeout=20, allow_redirects=False, **options)

    def post(self, path: str, form: Any = None, **options: Any) -> requests.Response:
        """Send a form as it stands, with no more than is given."""
        return self.session.post(self.url + path, data=form or {}, timeout=20, allow_redirects=False, **options)

    def send(self, path: str, form: dict[str, Any] | None = None) -> requests.Response:
        """Send a form with the session's CSRF token, as a page of this person would."""
        return self.post(path, {"csrf": self.csrf} | (form or {}))

    def sign_in(self, name: str, password: str, **form: str) -> requests.Response:
        """Fill in the sign-in page."""
        return self.post("/sign-in", {"username": name, "password": password} | form)

    @property
    def csrf(self) -> str:
        """What the forms of this person's pages bring along."""
        found = _CSRF.search(self.get("/account").text)
        assert found is not None
        return html.unescape(found[1])

    @property
    def cookie(self) -> str | None:
        """What the session's cookie holds."""
        return next((each.value for each in self.session.cookies if each.name.startswith("sluice-")), None)


@dataclass(frozen=True, slots=True)
class Team:
    """A customer with an administrator and a reader, both signed in.

    Attributes:
        customer: The customer's number.
        administrator: Who may change things.
        reader: Who may look.
    """

    customer: int
    administrator: Person
    reader: Person


def text_of(response: requests.Response) -> str:
    """Return what a page says, without its tags and with single blanks."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", response.text)).split())
