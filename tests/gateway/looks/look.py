"""Opening screens in all their forms, and what is wrong with each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Error, Page

from tests.gateway.browser.looks import faults
from tests.gateway.browser.visit import Visit
from tests.gateway.looks.axe import violations
from tests.gateway.looks.customers import Stage, Viewer
from tests.gateway.looks.forms import Form
from tests.gateway.looks.screens import Screen

_PATIENCE_MS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Look:
    """What a screen looked like in a form.

    Attributes:
        screen: The screen's name.
        form: The form's name.
        wrong: What is wrong with it; nothing if empty.
    """

    screen: str
    form: str
    wrong: tuple[str, ...]


class Looker:
    """Opens screens, and looks at them."""

    def __init__(self, browser: Browser, stage: Stage, pictures: Path | None = None) -> None:
        self._browser = browser
        self._stage = stage
        self._pictures = pictures

    def look(self, screen: Screen, form: Form) -> Look:
        """Open a screen in a form, and say what is wrong with it."""
        try:
            wrong = self._wrong_with(screen, form)
        except Error as error:
            wrong = [f"it could not be looked at: {' '.join(error.message.split())}"]
        return Look(screen.name, form.name, tuple(dict.fromkeys(wrong)))

    def _wrong_with(self, screen: Screen, form: Form) -> list[str]:
        with self._opened(screen, form) as visit:
            # axe is a script itself, and waits for ever where none runs.
            found = violations(visit.page) if form.scripts else []
            wrong = [*found, *faults(visit.page), *visit.troubles]
            if self._pictures is not None:
                name = f"{screen.name}.{form.name.replace(' ', '-')}.png"
                visit.page.screenshot(path=self._pictures / name, full_page=True)
        return wrong

    @contextmanager
    def _opened(self, screen: Screen, form: Form) -> Iterator[Visit]:
        context = self._browser.new_context(
            base_url=self._stage.url,
            viewport={"width": form.width, "height": form.height},
            color_scheme=form.scheme,
            java_script_enabled=form.scripts,
            reduced_motion="reduce",
        )
        context.set_default_timeout(_PATIENCE_MS)
        if screen.viewer is not Viewer.NOBODY:
            name, value = self._stage.cookies[screen.viewer]
            context.add_cookies([{"name": name, "value": value, "url": self._stage.url}])
        visit = Visit(context, self._stage.url)
        try:
            visit.expect(*({screen.status} - {200}))
            visit.open(screen.address.format_map(self._stage.places))
            screen.act(visit.page)
            _settle(visit.page)
            yield visit
        finally:
            visit.close()


def _settle(page: Page) -> None:
    """Wait until charts are drawn and requests have been answered."""
    page.wait_for_load_state("networkidle")
