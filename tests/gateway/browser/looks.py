"""What would keep somebody from reading a page, or from reaching all of it."""

from playwright.sync_api import Page

# The contrast of WCAG 2.2 between each text and the ground that is nearest behind it.
_POORLY_READ = """() => {
    const parse = (color) => color.match(/[0-9.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const ground = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const color = parse(getComputedStyle(each).backgroundColor);
            if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const element of document.querySelectorAll("body *")) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        if (!text || !element.checkVisibility()) continue;
        const [one, other] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
        const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (contrast < 4.5) found.push(`${element.outerHTML.slice(0, 80)}: ${contrast.toFixed(2)}`);
    }
    return found;
}"""

_UNLABELLED = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button")]
    .filter((field) => !field.labels?.length && !field.ariaLabel && !field.textContent.trim())
    .map((field) => field.outerHTML)"""

_DOUBLE_IDS = """() => {
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    return ids.filter((id, place) => ids.indexOf(id) !== place);
}"""

_TOO_WIDE = "() => document.documentElement.scrollWidth <= innerWidth ? [] : ['the page is wider than the window']"

_HEADLESS = """() => [...document.querySelectorAll("table:not(.u-legend):not(:has(th[scope=col]))")]
    .map((table) => table.outerHTML.slice(0, 80))"""

# A macro's line end becomes a blank. Commands may have one before a stop.
_LOOSE_STOPS = r"""() => [...document.querySelectorAll("p, li, dd, td, th, h1, h2, figcaption")]
    .filter((text) => text.checkVisibility() && !text.querySelector("code, pre, input"))
    .map((text) => text.innerText)
    .filter((text) => /\S [.,;:](\s|$)/.test(text))
    .map((text) => `a blank before a stop: ${text}`)"""

_OVER_ITS_NEIGHBOUR = """() => [...document.querySelectorAll("td:not(:last-child), th:not(:last-child)")]
    .filter((cell) => cell.checkVisibility() && cell.scrollWidth > cell.clientWidth + 1)
    .map((cell) => `wider than its cell: ${cell.innerText}`)"""


def faults(page: Page) -> list[str]:
    """Return texts of poor contrast or with a blank before a stop, fields without a name, ids given twice, tables
    without headings, overwidth, and what lies over the next cell of a table.
    """
    checks = (_POORLY_READ, _UNLABELLED, _DOUBLE_IDS, _TOO_WIDE, _HEADLESS, _LOOSE_STOPS, _OVER_ITS_NEIGHBOUR)
    return [fault for check in checks for fault in page.evaluate(check)]
