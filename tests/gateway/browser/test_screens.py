"""The screens that `make looks` opens are all there are, and ten of them are looked at here."""

from collections import Counter

import pytest

from gateway.console.routes import Routes
from gateway.limits import DEFAULT_LIMITS
from gateway.signing_in import SigningIn
from gateway.site import Site
from gateway.slots import Slots
from tests.gateway.browser.looks import faults
from tests.gateway.looks.axe import violations
from tests.gateway.looks.customers import set_stage
from tests.gateway.looks.forms import DARK, DARK_PHONE, LIGHT, PHONE, WITHOUT_SCRIPTS, ZOOMED
from tests.gateway.looks.look import Looker
from tests.gateway.looks.screens import NOT_PAGES, SCREENS

TEN = {
    "home": PHONE,
    "traffic-opened": LIGHT,
    "conversations": DARK_PHONE,
    "top-rules": PHONE,
    "rules-opened": ZOOMED,
    "exposed": PHONE,
    "item": DARK,
    "audit-log": PHONE,
    "deployment-wrong": DARK_PHONE,
    "menu": WITHOUT_SCRIPTS,
}


@pytest.fixture(scope="module")
def stage(gateway, clock):
    return set_stage(gateway, clock.now)


def test_every_page_has_a_screen(gateway, clock):
    signing_in = SigningIn(gateway.stores, clock.now)
    routes = Routes(gateway.stores, Site(gateway.url), signing_in, DEFAULT_LIMITS, clock.now, Slots(1, 1), None)
    pages = {route.path for route in routes.all if "GET" in route.methods}
    assert {screen.route for screen in SCREENS if screen.route} | NOT_PAGES == pages


def test_every_screen_has_a_name_of_its_own():
    assert [name for name, count in Counter(screen.name for screen in SCREENS).items() if count > 1] == []


def test_what_is_wrong_with_a_page_is_found(visit):
    visit.open("/sign-in")
    assert violations(visit.page) == []
    visit.page.evaluate(
        """() => {
            document.querySelector("label").remove();
            document.querySelector("button").ariaLabel = "Go";
            document.querySelector("main").insertAdjacentHTML("beforeend", "<p><em>Nothing</em> .</p><pre>wide</pre>");
            document.querySelector("pre").textContent = "wide ".repeat(400);
            const table = `<table><th scope="col">wide<th scope="col">b</table>`;
            document.querySelector("main").insertAdjacentHTML("beforeend", table);
            Object.assign(document.querySelector("table").style, {tableLayout: "fixed", width: "20px"});
        }"""
    )
    rules = {each.partition(":")[0] for each in violations(visit.page)}
    assert {"label", "label-content-name-mismatch"} <= rules
    told = {"a blank before a stop: Nothing .", "the page is wider than the window", "wider than its cell: wide"}
    assert told <= set(faults(visit.page))


@pytest.mark.parametrize(("name", "form"), TEN.items(), ids=TEN)
def test_nothing_is_wrong_with_a_screen(chromium, stage, name, form):
    screen = next(each for each in SCREENS if each.name == name)
    assert Looker(chromium, stage).look(screen, form).wrong == ()
