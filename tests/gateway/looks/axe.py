"""What axe-core finds wrong with a page that a browser shows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

_ROOT: Final = Path(__file__).resolve().parents[3]
AXE: Final = _ROOT / "dev" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
"""Installed by `make setup`."""
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental")
# By name, since axe leaves out rules that are new or experimental unless they are asked for.
_RUN: Final = """async (tags) => {
    const rules = axe.getRules(tags).filter((rule) => !rule.tags.includes("deprecated")).map((rule) => rule.ruleId);
    const found = await axe.run({ runOnly: { type: "rule", values: rules }, resultTypes: ["violations"] });
    return found.violations;
}"""


def violations(page: Page) -> list[str]:
    """Return one line for each element that breaks a rule of WCAG 2.2, level A or AA, or one of axe's best practices.

    axe is injected by the browser's debugger, so that the page's Content-Security-Policy stays as it is.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return [line for violation in page.evaluate(_RUN, list(_TAGS)) for line in _lines(violation)]


def _lines(violation: dict[str, Any]) -> Iterator[str]:
    for node in violation["nodes"]:
        why = " ".join(node["failureSummary"].split("\n", 1)[-1].split())
        yield f"{violation['id']}: {node['html']:.120} ({why:.160})"
