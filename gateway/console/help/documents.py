"""The documents in `docs/`, kept in memory: files that are not there at the start are never looked for."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.console.help.markdown import Document, Scheme, picture_name, render
from gateway.console.links import HELP, help_url
from gateway.site import CHECKOUT

DOCS: Final = CHECKOUT / "docs"
INDEX: Final = "README"
"""The document that lists the others."""
DIAGRAMS: Final = "diagrams"
"""The folder of the diagrams' pictures, within the documents' folder and in addresses."""


class Documents:
    """The documents of a folder. Each is rendered when it is first asked for, and kept."""

    def __init__(self, folder: Path = DOCS) -> None:
        self._texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
        self._pictures = frozenset(path.name for path in (folder / DIAGRAMS).glob("*.svg"))
        self._rendered: dict[str, Document] = {}

    def find(self, name: str) -> Document | None:
        """Return the document whose file has a name, without its suffix; None if there is none."""
        text = self._texts.get(name)
        if text is None:
            return None
        if name not in self._rendered:
            self._rendered[name] = render(text, self._address, self._picture)
        return self._rendered[name]

    def _address(self, link: str) -> str | None:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not parts.path:
            return link
        name = parts.path.removesuffix(".md")
        if name not in self._texts or name == parts.path:
            return None
        return help_url(name, parts.fragment) if name != INDEX else HELP

    def _picture(self, diagram: str, scheme: Scheme) -> str | None:
        name = picture_name(diagram, scheme)
        return f"{HELP}/{DIAGRAMS}/{name}" if name in self._pictures else None
