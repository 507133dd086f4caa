import pytest
from playwright.sync_api import expect

from tests.gateway.browser.conftest import PASSWORD


@pytest.fixture
def newcomer(gateway, customer):
    """The name of a user with a one-time password."""
    gateway.stores.accounts.add_user("newcomer", customer, PASSWORD, one_time=True)
    return "newcomer"


def test_a_newcomer_signs_in_and_chooses_a_password_by_keyboard_alone(visit, newcomer):
    visit.expect(401, 404, 422)
    page = visit.page
    visit.open("/setup/audit-log")
    keys = page.keyboard
    expect(page.get_by_label("User name")).to_be_focused()
    keys.type(newcomer)
    keys.press("Tab")
    keys.type("wrong")
    keys.press("Enter")
    page.get_by_role("alert").wait_for()
    expect(page.get_by_label("Password")).to_be_focused()
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url("**/account")
    expect(page.get_by_text("Choose your own password")).to_be_visible()
    page.get_by_label("Current password").focus()
    for text in (PASSWORD, "a password of my own", "a password of mine"):
        keys.type(text)
        keys.press("Tab")
    keys.press("Enter")
    again = page.get_by_label("New password again")
    again.and_(page.locator("[aria-invalid]")).wait_for()
    assert "The passwords differ." in page.locator(f"#{again.get_attribute('aria-describedby')}").inner_text()
    page.get_by_label("Current password").focus()
    for text in (PASSWORD, "a password of my own", "a password of my own"):
        keys.type(text)
        keys.press("Tab")
    keys.press("Enter")
    page.wait_for_url("**/")
    visit.open("/setup/audit-log")
    expect(page.get_by_role("cell", name="changed the password")).to_be_visible()
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url("**/sign-in")
