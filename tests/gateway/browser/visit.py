"""A browser window that looks at a gateway, and notices everything that must not happen there."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

from dev.chromium import PACKAGE

_REFUSED_RESOURCE = "Failed to load resource: the server responded with a status of "


def require_chromium(program: str | None, *, in_ci: bool) -> None:
    """Skip where there is no Chromium, but fail where nobody would see that."""
    if program is None and in_ci:
        pytest.fail(f"Chromium is not installed, which CI needs: apt-get install {PACKAGE}.")
    if program is None:
        pytest.skip(f"Chromium is not installed: apt-get install {PACKAGE}")


class Visit:
    """A window, with cookies of its own.

    Attributes:
        page: What Playwright drives.
        troubles: What must not happen: errors and refused scripts and styles on the browser's console, faults of our
            scripts, requests to elsewhere, and answers with an error that the test does not expect.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._context = context
        self._origin = urlsplit(url).netloc
        self._expected: set[int] = set()
        self.troubles: list[str] = []
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.troubles.append(f"fault of a script: {error.error}"))
        self.page: Page = context.new_page()

    def open(self, address: str) -> None:
        """Go to a page."""
        self.page.goto(address)

    def expect(self, *statuses: int) -> None:
        """Take answers with these statuses for what they should be."""
        self._expected.update(statuses)

    def close(self) -> None:
        """Close the window."""
        self._context.close()

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob"} and address.netloc != self._origin:
            self.troubles.append(f"request to elsewhere: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.troubles.append(f"{response.status} for {response.request.method} {response.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        # What was refused is looked at above, where its status is known.
        if message.type in {"error", "warning"} and not message.text.startswith(_REFUSED_RESOURCE):
            self.troubles.append(f"{message.type} on the console: {message.text}")
