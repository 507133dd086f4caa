"""What is entered and not saved is not lost without a question."""

import pytest

from gateway.stores.blueprints import NewBlueprint


@pytest.fixture
def asked(page):
    """The questions that were asked so far; each time, the visitor stays on the page."""
    kinds = []

    def stay(dialog):
        kinds.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    return kinds


def leave(page):
    page.get_by_role("link", name="Storage", exact=True).click()


def test_leaving_an_edited_form_is_asked_about(page, visit, asked):
    visit.open("/setup/flow-logs/new")
    page.get_by_label("Deployment name").fill("azure-production")
    leave(page)
    assert asked == ["beforeunload"]
    assert page.get_by_label("Deployment name").input_value() == "azure-production"


def test_nobody_is_asked_who_changed_nothing_or_took_it_back(page, visit, asked):
    visit.open("/setup/items/new")
    page.get_by_label("Host name").fill("web-1")
    page.get_by_label("Host name").fill("")
    leave(page)
    page.wait_for_url("**/setup/storage")
    assert asked == []


def test_saving_is_not_asked_about_whether_by_a_script_or_not(page, visit, asked):
    visit.expect(422)
    visit.open("/setup/items/new")
    page.get_by_label("Host name").fill("web-1")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/setup/items?saved=*")
    visit.open("/setup/flow-logs/new")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    assert asked == []


def test_what_comes_back_with_an_error_is_still_not_saved(page, visit, asked):
    visit.expect(422)
    visit.open("/setup/tokens")
    page.get_by_role("button", name="Create token").click()
    page.locator("#purpose[aria-invalid]").wait_for()
    leave(page)
    assert asked == ["beforeunload"]


def test_another_forms_button_is_asked_about_too(page, visit, asked):
    visit.open("/setup/retention")
    page.get_by_label("VNet flow logs").fill("90")
    page.get_by_label("Reason").fill("Case 7")
    page.get_by_role("button", name="Create hold").click()
    assert asked == ["beforeunload"]
    assert page.get_by_label("VNet flow logs").input_value() == "90"


def test_ticks_that_a_filter_carries_along_are_still_asked_about(page, visit, gateway, customer, clock, asked):
    blueprint = gateway.stores.blueprints.put(customer, NewBlueprint("Any", "", 60, "<blueprint/>"), clock.now())
    item = gateway.stores.items.add(customer, "web-1", [], "")
    visit.open(f"/setup/items/{item}")
    page.locator(f"#blueprint-{blueprint}").check()
    page.get_by_role("button", name="Filter").click()
    page.get_by_text("not saved yet").wait_for()
    assert asked == []
    leave(page)
    assert asked == ["beforeunload"]
