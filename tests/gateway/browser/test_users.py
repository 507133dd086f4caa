"""How an administrator lets somebody in, and out again."""

import pytest
from playwright.sync_api import expect

from tests.gateway.browser.looks import faults

OWN = "wandering lamp forty pears"


def add(page, name):
    """Add a user as a reader, and return the one-time password."""
    page.get_by_label("User name").fill(name)
    page.get_by_role("button", name="Add user").click()
    password = page.get_by_label("One-time password")
    password.wait_for()
    assert faults(page) == []
    return password.input_value()


def fill_passwords(page, current, new):
    page.get_by_label("Current password").fill(current)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again").fill(new)
    page.get_by_role("button", name="Change the password").click()


def changed_role(page, name, role):
    """Change a user's role in the list."""
    page.get_by_label(f"Role of {name}", exact=True).select_option(role)
    page.get_by_role("button", name=f"Change the role of {name}").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_is_let_in_given_another_role_and_removed(new_visit, sign_in, request, scripts):
    visit, theirs = new_visit(java_script_enabled=scripts), new_visit(java_script_enabled=scripts)
    name = f"eve-{request.node.name}"
    page = sign_in(visit, "/setup/users")
    password = add(page, name)

    theirs.expect(422)
    own = theirs.page
    theirs.open("/sign-in")
    own.get_by_label("User name").fill(name)
    own.get_by_label("Password").fill(password)
    own.get_by_role("button", name="Sign in").click()
    own.wait_for_url("**/account")
    fill_passwords(own, password, "password1234")
    expect(own.locator("#new-error")).to_contain_text("too easy to guess")
    fill_passwords(own, password, OWN)
    own.wait_for_url("**/")
    menu = own.get_by_role("navigation", name="Administration")
    expect(menu.get_by_role("link", name="Users")).to_have_count(0)

    page.get_by_role("link", name="Done").click()
    changed_role(page, name, "administrator")
    assert page.get_by_role("status").inner_text() == f"The role of {name} is administrator now."
    own.reload()
    menu.get_by_role("link", name="Users").click()
    expect(own.get_by_role("row", name=f"{name} (you)")).to_be_visible()

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Remove {name}").click()
    page.wait_for_url("**/setup/users?removed=1")
    assert page.get_by_role("row", name=name).count() == 0
    own.reload()
    own.wait_for_url("**/sign-in?next=*")


def test_the_last_administrator_is_told_what_to_do_first(visit, sign_in, request):
    visit.expect(409)
    page = sign_in(visit, "/setup/users")
    changed_role(page, f"administrator-{request.node.name}", "reader")
    expect(page.get_by_role("alert")).to_contain_text("Make somebody else an administrator first.")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove administrator-").click()
    expect(page.get_by_role("alert")).to_contain_text("is the last administrator")
