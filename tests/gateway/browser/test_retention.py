"""Days of one's own and a hold, set as an administrator does, with a slip on the way."""

from playwright.sync_api import expect


def test_days_are_set_and_a_hold_is_made_and_lifted(visit, page):
    visit.expect(422)
    page.get_by_role("link", name="Retention").click()
    page.get_by_label("VNet flow logs").fill("90")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The retention was saved.").wait_for()
    expect(page.get_by_role("row", name="VNet flow logs 90 90 days")).to_be_visible()

    page.get_by_label("Search").fill("dprot:22")
    page.get_by_label("First day").fill("2026-11-01")
    page.get_by_label("Last day").fill("2026-11-30")
    page.get_by_label("Reason").fill("Case 7")
    page.get_by_role("button", name="Create hold").click()
    assert "Did you mean proto?" in page.locator("#search-error").inner_text()
    page.get_by_label("Search").fill("dport:22")
    page.get_by_role("button", name="Create hold").click()
    row = page.get_by_role("row", name="dport:22")
    expect(row.get_by_text("in force")).to_be_visible()

    page.once("dialog", lambda dialog: dialog.dismiss())
    row.get_by_role("button", name="Lift hold").click()
    expect(row.get_by_text("in force")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Lift hold").click()
    page.get_by_text("was lifted. Records past their retention").wait_for()
    expect(row.get_by_text("in force")).to_have_count(0)
