import os

import pytest
from playwright.sync_api import sync_playwright

from dev.chromium import find_chromium
from gateway.stores.accounts import Role
from tests.gateway.browser.chromium import OPTIONS
from tests.gateway.browser.visit import Visit, require_chromium
from tests.gateway.console.person import Person

PASSWORD = "a password of tests"


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium, without a window.

    One for each module: until it ends Playwright keeps an event loop running in this thread, where the tests of other
    modules begin loops of their own.
    """
    program = find_chromium()
    require_chromium(program, in_ci=bool(os.environ.get("CI")))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def new_visit(chromium, gateway):
    """Opens a browser window at each call; at the test's end none may have met an error or have left the gateway."""
    visits = []

    def open_window(**options):
        context = chromium.new_context(base_url=gateway.url, viewport={"width": 1280, "height": 800}, **options)
        context.set_default_timeout(10_000)
        visits.append(Visit(context, gateway.url))
        return visits[-1]

    yield open_window
    for visit in visits:
        visit.close()
    assert [trouble for visit in visits for trouble in visit.troubles] == []


@pytest.fixture
def visit(new_visit):
    """A browser window of nobody in particular."""
    return new_visit()


@pytest.fixture
def customer(gateway, request):
    """The number of the test's own customer."""
    return gateway.stores.accounts.add_customer(request.node.name)


@pytest.fixture
def sign_in(gateway, customer, request):
    """Leads a window's visitor to a page as a new user of the test's customer, who has signed in."""

    def enter(visit, address, role=Role.ADMINISTRATOR):
        name = f"{role}-{request.node.name}"
        gateway.stores.accounts.add_user(name, customer, PASSWORD, role)
        person = Person(gateway.url)
        person.sign_in(name, PASSWORD)
        visit.page.context.add_cookies(
            [{"name": f"sluice-{gateway.stores.accounts.fingerprint()}", "value": person.cookie, "url": gateway.url}]
        )
        visit.open(address)
        return visit.page

    return enter


@pytest.fixture
def page(visit, sign_in):
    """A page of the console's, with an administrator signed in."""
    return sign_in(visit, "/account")
