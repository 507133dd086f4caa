"""The forms in which people meet a page: light or dark, on a desktop, zoomed or on a phone, without scripts."""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page.

    Attributes:
        name: What it is called.
        width: The window's width in CSS pixels.
        height: Its height.
        scheme: The colours that the person prefers.
        scripts: Whether scripts run.
    """

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"
    scripts: bool = True


LIGHT: Final = Form("light", 1280, 800)
DARK: Final = Form("dark", 1280, 800, "dark")
PHONE: Final = Form("phone", 390, 844)
DARK_PHONE: Final = Form("dark phone", 390, 844, "dark")
ZOOMED: Final = Form("zoomed", 640, 400)
"""A window of 1280 pixels at 200 %."""
WITHOUT_SCRIPTS: Final = Form("without scripts", 1280, 800, scripts=False)
FORMS: Final = (LIGHT, DARK, PHONE, DARK_PHONE, ZOOMED, WITHOUT_SCRIPTS)
