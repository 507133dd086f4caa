"""Redraws the diagrams of the documentation: `python -m dev.diagrams`.

GitHub draws them itself. The console shows pictures, since its pages run no script but its own: each diagram has two,
light and dark, in `docs/diagrams/`, under a name that is made of the diagram's text.
"""

import contextlib
import shutil
import sys
from pathlib import Path

from markdown_it import MarkdownIt
from playwright.sync_api import Page, sync_playwright

from dev.bootstrap.node import find_node, install_node
from dev.bootstrap.programs import SetupError, run
from dev.bootstrap.stamps import Stamp
from dev.chromium import PACKAGE, find_chromium
from gateway.console.help.documents import DIAGRAMS, DOCS
from gateway.console.help.markdown import DIAGRAM, Scheme, picture_name

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent.parent
_MERMAID = _HERE / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
_CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        print(f"diagrams: Chromium is not installed: apt-get install {PACKAGE}", file=sys.stderr)
        return 1
    try:
        _install_mermaid()
    except SetupError as error:
        print(f"diagrams: {error}", file=sys.stderr)
        return 1
    with (
        sync_playwright() as playwright,
        contextlib.closing(playwright.chromium.launch(executable_path=chromium, args=_CHROMIUM)) as browser,
    ):
        page = browser.new_page()
        page.add_script_tag(path=_MERMAID)
        texts = [path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))]
        pictures = {
            picture_name(diagram, scheme): _drawn(page, diagram, scheme)
            for text in texts
            for diagram in diagrams_in(text)
            for scheme in Scheme
        }
    folder = DOCS / DIAGRAMS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, picture in pictures.items():
        (folder / name).write_text(picture, encoding="utf-8")
        print((folder / name).relative_to(_ROOT))
    return 0


def diagrams_in(document: str) -> list[str]:
    """Return the texts of all diagrams in a document."""
    return [token.content for token in MarkdownIt().parse(document) if token.info.strip() == DIAGRAM]


def _install_mermaid() -> None:
    stamp = Stamp(_HERE / "node_modules" / "sluice-stamp", [_HERE / "package.json", _HERE / "package-lock.json"])
    if stamp.is_current():
        return
    node = find_node() or install_node(_ROOT / ".tools" / "nodejs", _ROOT / ".tools" / "uv", Path(sys.executable))
    command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run(command, "npm could not install Mermaid; its message above says why.", directory=_HERE)
    stamp.write()


def _drawn(page: Page, diagram: str, scheme: Scheme) -> str:
    drawn: str = page.evaluate((_HERE / "drawn.js").read_text(), [diagram, scheme.value])
    return f"{drawn}\n"


if __name__ == "__main__":
    sys.exit(main())
