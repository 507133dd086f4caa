"""Setting Sluice up as a person does: token, configuration, download, registration."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.gateway.browser.conftest import PASSWORD
from tests.gateway.browser.looks import faults
from tests.gateway.client import Client
from tests.gateway.console.setup.configured import ID, connection_string
from tests.gateway.console.setup.registered import PATH, registration


@pytest.fixture
def page(visit, sign_in):
    return sign_in(visit, "/setup/tokens")


def make_token(page, purpose="Production", kind="ingest"):
    page.get_by_label("Purpose").fill(purpose)
    page.get_by_role("radio", name=kind).check()
    page.get_by_role("button", name="Create token").click()
    return page.get_by_label("Subscription token").input_value()


def test_a_token_is_made_copied_used_and_revoked(page, gateway, customer):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    token = make_token(page)
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_text("Copied", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == token
    assert Client(gateway.url, token, customer).call("GET", "/qas/subscription-token").status_code == 200
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("row", name="Production ingest active")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Revoke token").click()
    assert Client(gateway.url, token, customer).call("GET", "/qas/subscription-token").status_code == 200
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke token").click()
    assert notice(page).endswith("are refused from now on.")
    assert Client(gateway.url, token, customer).call("GET", "/qas/subscription-token").status_code == 401


def test_a_token_is_made_for_agents_and_is_good_at_the_edge_alone(page, gateway, customer, new_agent):
    kinds = page.get_by_role("group", name="Kind")
    assert kinds.get_by_role("radio", name="ingest").is_checked()
    kinds.get_by_role("radio", name="ingest").focus()
    page.keyboard.press("ArrowDown")
    assert kinds.get_by_role("radio", name="agent").is_checked()
    agent = new_agent(customer)
    agent.token = make_token(page, "Machines", "agent")
    assert faults(page) == []
    assert "Into the agent's token file" in page.locator("main").inner_text()
    assert agent.ask().status_code == 200
    assert Client(gateway.url, agent.token, customer).call("GET", "/qas/subscription-token").status_code == 403
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("row", name="Machines agent active")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_token_is_copied_where_scripts_have_no_clipboard(new_visit, sign_in):
    visit = new_visit()
    visit.page.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', {value: undefined})")
    page = sign_in(visit, "/setup/tokens")
    token = make_token(page)
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_text("Copied", exact=True).wait_for()
    visit.open("/setup/tokens")
    page.get_by_label("Purpose").press("Control+V")
    assert page.get_by_label("Purpose").input_value() == token


def notice(page):
    return page.locator(".notice").inner_text()


def fill_row(page, number, account, secret):
    group = page.get_by_role("group", name=f"Storage account {number}")
    group.get_by_label("Storage account", exact=True).fill(account)
    group.get_by_label("Region").fill("East US")
    group.get_by_label("Connection string").fill(secret)
    return group


def test_two_storage_accounts_are_configured_downloaded_and_registered(page, visit, gateway, customer):
    visit.expect(422)
    page.get_by_role("link", name="Flow logs", exact=True).click()
    page.get_by_role("link", name="Configure Flow Logs").click()
    page.get_by_label("Deployment name").fill("azure\u2014production")
    page.get_by_label("Subscription id").fill(ID.upper())
    fill_row(page, 1, "flowlogsone", connection_string("flowlogsone"))
    page.get_by_role("button", name="Add storage account").click()
    page.get_by_role("group", name="Storage account 2").wait_for()
    assert page.evaluate("document.activeElement.id") == "account-2"
    second = fill_row(page, 2, "flowlogstwo", connection_string("flowlogsone"))
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    name = page.get_by_label("Deployment name")
    assert name.evaluate("field => document.activeElement === field")
    assert "azure-production" in page.locator("#name-error").inner_text()
    assert "belongs to another storage account" in second.locator(".error").inner_text()
    # What was typed is still there, without having come back from the gateway.
    first = page.get_by_role("group", name="Storage account 1").get_by_label("Connection string")
    assert first.input_value() == connection_string("flowlogsone")
    name.fill("azure-production")
    second.get_by_label("Connection string").fill(connection_string("flowlogstwo"))
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/setup/flow-logs?saved=azure-production")
    assert notice(page).startswith("azure-production is saved.")
    page.get_by_role("link", name="View details of azure-production").click()
    expect(page.get_by_role("row", name="flowlogstwo eastus nothing yet")).to_be_visible()

    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download scripts").click()
    content = Path(downloading.value.path()).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        filled_in = json.loads(archive.read("azure-production/terraform.tfvars.json"))
    assert filled_in["region_set"]["location2"]["location"] == "eastus"
    assert (filled_in["apigw_url"], filled_in["subscription_token"]) == (gateway.url, "")

    page.get_by_role("link", name="Tokens").click()
    machine = Client(gateway.url, make_token(page), customer)
    machine.call("PUT", PATH, json=registration())
    page.get_by_role("link", name="Registrations").click()
    expect(page.get_by_role("row", name=f"sluice-0a1b2c3d {ID} registered")).to_be_visible()
    machine.call("DELETE", PATH)
    page.reload()
    expect(page.get_by_role("row", name=f"sluice-0a1b2c3d {ID} gone")).to_be_visible()
    page.get_by_role("link", name="Audit log").click()
    actions = page.get_by_role("row").all_inner_texts()
    told = [action for action in actions if "azure-production" in action]
    assert ["downloaded" in told[0], "saved" in told[1]] == [True, True]


def test_a_storage_account_is_removed_and_the_others_keep_what_was_typed(page, visit):
    visit.open("/setup/flow-logs/new")
    fill_row(page, 1, "flowlogsone", "secret one")
    page.get_by_role("button", name="Add storage account").click()
    fill_row(page, 2, "flowlogstwo", "secret two")
    page.get_by_role("button", name="Remove storage account 1").click()
    page.get_by_role("group", name="Storage account 2").wait_for(state="detached")
    rest = page.get_by_role("group", name="Storage account 1")
    assert rest.get_by_label("Storage account", exact=True).input_value() == "flowlogstwo"
    assert rest.get_by_label("Connection string").input_value() == "secret two"


def test_a_misspelled_region_is_corrected_from_the_list_or_kept_with_what_was_typed(page, visit):
    visit.expect(422)
    visit.open("/setup/flow-logs/new")
    page.get_by_label("Deployment name").fill("azure-new-region")
    page.get_by_label("Subscription id").fill(ID)
    row = fill_row(page, 1, "flowlogsone", connection_string("flowlogsone"))
    assert row.get_by_label("Region").evaluate(
        "field => [...field.list.options].some((each) => each.value === 'eastus')"
    )
    row.get_by_label("Region").fill("easstus")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Did you mean eastus?").wait_for()
    assert row.get_by_label("Region").evaluate("field => document.activeElement === field")
    assert faults(page) == []
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/setup/flow-logs?saved=azure-new-region")


def test_it_all_works_without_scripts(new_visit, sign_in):
    visit = new_visit(java_script_enabled=False)
    page = sign_in(visit, "/setup/flow-logs/new")
    page.get_by_label("Deployment name").fill("azure-plain")
    page.get_by_label("Subscription id").fill(ID)
    page.get_by_role("button", name="Add storage account").click()
    for number, account in ((1, "flowlogsone"), (2, "flowlogstwo")):
        fill_row(page, number, account, connection_string(account))
    page.get_by_role("button", name="Save").click()
    assert notice(page).startswith("azure-plain is saved.")
    visit.open("/setup/tokens")
    assert make_token(page)
    assert page.get_by_role("button", name="Copy").count() == 0


def test_something_far_too_long_that_is_pasted_is_reported_at_its_field_and_the_rest_is_kept(page, visit):
    visit.expect(422)
    visit.open("/setup/flow-logs/new")
    page.get_by_label("Deployment name").fill("azure-production")
    page.get_by_label("Connection string").focus()
    page.keyboard.insert_text("x" * 70_000)
    page.get_by_role("button", name="Save").click()
    page.locator("#secret-1[aria-invalid]").wait_for()
    assert "This is not a connection string." in page.locator("#secret-1-error").inner_text()
    assert page.get_by_label("Deployment name").input_value() == "azure-production"


def test_what_a_script_was_refused_is_reported_on_the_page(page, visit):
    visit.expect(413)
    visit.open("/setup/flow-logs/new")
    field = page.get_by_label("Connection string")
    field.evaluate("field => field.removeAttribute('maxlength')")
    field.fill("x" * 70_000)
    page.get_by_role("button", name="Save").click()
    assert "longer than 65536 bytes" in page.get_by_role("alert").inner_text()
    visit.troubles = [each for each in visit.troubles if "Response Status Error Code 413" not in each]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_form_that_is_sent_after_the_session_ended_is_there_again_after_signing_in(
    new_visit, sign_in, request, scripts
):
    visit = new_visit(java_script_enabled=scripts)
    page = sign_in(visit, "/setup/flow-logs/new")
    page.get_by_label("Deployment name").fill("azure-kept")
    page.get_by_label("Subscription id").fill(ID)
    fill_row(page, 1, "flowlogsone", connection_string("flowlogsone"))
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/sign-in?next=*")
    page.get_by_label("User name").fill(f"administrator-{request.node.name}")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/setup/flow-logs/new")
    assert page.get_by_label("Deployment name").input_value() == "azure-kept"
    row = page.get_by_role("group", name="Storage account 1")
    assert row.get_by_label("Region").input_value() == "eastus"
    if scripts:  # it is not saved yet, so leaving it is asked about
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("link", name="Storage", exact=True).click()
    row.get_by_label("Connection string").fill(connection_string("flowlogsone"))
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/setup/flow-logs?saved=azure-kept")
