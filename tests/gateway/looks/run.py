"""Looking at many screens, and telling what is wrong as soon as it is known."""

import contextlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

from dev.chromium import find_chromium
from dev.gateway.local import run_in_thread
from gateway.clock import utc_now
from tests.gateway.browser.chromium import OPTIONS
from tests.gateway.looks.customers import set_stage
from tests.gateway.looks.forms import FORMS
from tests.gateway.looks.look import Look, Looker
from tests.gateway.looks.screens import SCREENS


def look_at(names: Sequence[str], pictures: Path | None) -> list[Look]:
    """Look at the screens of some names in all forms, with a gateway and a browser of their own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        run_in_thread(Path(folder) / "data", package=_package(Path(folder))) as gateway,
        sync_playwright() as playwright,
        contextlib.closing(playwright.chromium.launch(executable_path=find_chromium(), args=OPTIONS)) as browser,
    ):
        looker = Looker(browser, set_stage(gateway, utc_now), pictures)
        return [_told(looker.look(screen, form)) for screen in SCREENS if screen.name in names for form in FORMS]


def _package(folder: Path) -> Path:
    """Return what takes the place of the function app's package, so that its download is offered."""
    package = folder / "function.zip"
    package.write_bytes(b"not a package")
    return package


def _told(look: Look) -> Look:
    """Print what is wrong with a screen as soon as it is known."""
    print(f"{look.screen}, {look.form}: {'as it should be' if not look.wrong else f'{len(look.wrong)} wrong'}")
    for each in look.wrong:
        print(f"    {each}")
    sys.stdout.flush()
    return look
