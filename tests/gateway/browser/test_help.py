"""The documents must be readable on a phone too, in light and in dark."""

import pytest

from gateway.console.help.documents import DOCS
from tests.gateway.browser.looks import faults

ADDRESSES = ["/help", *(f"/help/{path.stem}" for path in sorted(DOCS.glob("*.md")) if path.stem != "README")]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def phone(page):
    page.set_viewport_size(PHONE)
    return page


def test_on_a_phone_every_document_is_readable_without_scrolling_sideways(phone, visit):
    found = {}
    for address in ADDRESSES:
        visit.open(address)
        for scheme in ("light", "dark"):
            phone.emulate_media(color_scheme=scheme)
            found[address, scheme] = faults(phone)
    assert {where: what for where, what in found.items() if what} == {}


def test_on_a_phone_wide_tables_and_code_scroll_by_themselves(phone, visit):
    visit.open("/help/operations")
    for part in ("article .scroll", "article pre"):
        widths = phone.locator(part).evaluate_all("parts => parts.map(each => [each.scrollWidth, each.clientWidth])")
        assert any(inside > outside for inside, outside in widths), part


def test_a_link_from_one_document_leads_to_a_heading_of_another(page, visit):
    visit.open("/help/console#storage")
    page.get_by_role("link", name="the budget", exact=True).click()
    page.wait_for_url("**/help/operations#budgets")
    heading = page.get_by_role("heading", name="Budgets")
    assert heading.evaluate("heading => Math.abs(heading.getBoundingClientRect().top)") < 100


def test_a_diagram_follows_the_colours_of_the_screen(page, visit):
    visit.open("/help/delivery")
    diagram = page.locator("article img")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            "scheme => (image => image.complete && image.naturalWidth > 300 && image.currentSrc.includes(scheme))"
            "(document.querySelector('article img'))",
            arg=scheme,
        )
    assert diagram.get_attribute("alt").startswith("One event")
