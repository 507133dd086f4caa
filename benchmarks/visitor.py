"""Somebody who looks at the gateway's pages while it is measured."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from dev.gateway.local import Customer


class Visitor:
    """A person with an open session."""

    def __init__(self, url: str, customer: Customer) -> None:
        self._url = url
        self._session = requests.Session()
        form = {"username": customer.user, "password": customer.password}
        signed_in = self._session.post(f"{url}/sign-in", data=form, timeout=60, allow_redirects=False)
        if signed_in.status_code != requests.codes.see_other:
            raise RuntimeError(f"Signing in was answered with {signed_in.status_code}.")

    @property
    def cookie(self) -> str:
        """The session's cookie, as a request has it."""
        return "; ".join(f"{each.name}={each.value}" for each in self._session.cookies)

    def open(self, path: str) -> float:
        """Open a page, and return the seconds until it was complete."""
        began = time.monotonic()
        page = self._session.get(self._url + path, timeout=60, allow_redirects=False)
        seconds = time.monotonic() - began
        if page.status_code != requests.codes.ok:
            raise RuntimeError(f"{path} was answered with {page.status_code}.")
        return seconds


@dataclass(slots=True)
class Visit:
    """What somebody saw who went from page to page: the seconds that each page took."""

    seconds: list[float] = field(default_factory=list)


@contextmanager
def visiting(visitor: Visitor, paths: tuple[str, ...], pause: float) -> Iterator[Visit]:
    """Open pages in turn, with a pause after each, for as long as the block lasts."""
    visit, ended = Visit(), threading.Event()

    def walk() -> None:
        number = 0
        while not ended.wait(pause):
            visit.seconds.append(visitor.open(paths[number % len(paths)]))
            number += 1

    thread = threading.Thread(target=walk, name="visitor")
    thread.start()
    try:
        yield visit
    finally:
        ended.set()
        thread.join()
