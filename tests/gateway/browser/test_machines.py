"""The way from an agent on a machine to its flows in the list, as a person walks it; the test plays the agent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from gateway.clock import iso, to_ms
from gateway.edge.blueprint_file import SHIPPED
from gateway.stores.accounts import Role
from gateway.stores.blueprints import NewBlueprint
from tests.gateway.browser.looks import faults
from tests.gateway.client import AgentClient, Client, agent_record, ndjson, record

NAME = "Agent_Traffic_Collection_BP"
ANOTHER = NewBlueprint("Another", "", 600, "<blueprint/>")


@pytest.fixture
def agent(new_agent, customer):
    """The agent on the machine web-1."""
    return new_agent(customer)


@pytest.fixture
def post_logs(gateway, customer, clock):
    """Posts flow records in the customer's name, as a function does."""

    def send(*records):
        token, _ = gateway.stores.tokens.add(customer, clock.now(), timedelta(days=1))
        assert Client(gateway.url, token, customer).post(ndjson(*records)).status_code == 202

    return send


def menu(page, name):
    return page.get_by_role("navigation", name="Configuration").get_by_role("link", name=name)


def filtered(page, column, text, address):
    """Filter a list by a column."""
    page.get_by_label(f"Filter by {column}").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_url(address)


def import_shipped(page):
    page.get_by_label("Blueprint file").set_input_files(SHIPPED)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**/setup/blueprints?imported=*")


def save(page):
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/setup/items?saved=*")


def notice(page):
    return page.get_by_role("status").inner_text()


@pytest.fixture
def install(customer, edge, certificate):
    """Installs an agent on a machine: all that it is given is a token."""
    return lambda token, host: AgentClient(edge, token, customer, str(certificate.certificate), host)


def create_token(page):
    """Create a token of kind agent, and return it."""
    menu(page, "Tokens").click()
    page.get_by_label("Purpose").fill("Agents")
    page.locator("#kind-agent").check()
    page.get_by_role("button", name="Create token").click()
    return page.get_by_label("Subscription token").input_value()


def find_machine(page):
    """Steps 1 to 3: find the machine web-1 in the list by its columns' filters, and open it."""
    menu(page, "Configuration Items").click()
    assert page.locator(".path").inner_text() == "Configuration \u203a Configuration Items \u203a List"
    expect(page.get_by_role("row", name="web-1").get_by_text("pending")).to_be_visible()
    filtered(page, "address", "10.0.0.0/8", "**address=10.0.0.0%2F8*")
    filtered(page, "name", "web", "**/setup/items?name=web*")
    assert page.get_by_role("row", name="db-1").count() == 0
    page.get_by_role("link", name="web-1").click()


def choose_blueprint(page):
    """Steps 4 to 8: find the blueprint by the name of its file, tick it, and see it in the panel among all others."""
    expect(page.get_by_role("heading", name="Blueprints")).to_be_visible()
    filtered(page, "blueprint", SHIPPED.stem, f"**blueprint={SHIPPED.stem}*")
    assert page.get_by_label("Apply Another").count() == 0
    page.get_by_label(f"Apply {NAME}").check()
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_role("row", name=NAME).get_by_text("not saved yet")).to_be_visible()
    expect(page.get_by_label("Apply Another")).not_to_be_checked()


def server_traffic(page):
    """Steps 12 to 14: choose the machine web-1 in the attributes, and return the row of its Server Traffic."""
    menu(page, "Attributes").click()
    assert page.locator(".path").inner_text() == "Configuration \u203a Attributes \u203a List"
    filtered(page, "configuration item", "web-1", "**/setup/attributes?item=web-1*")
    assert page.locator(".path").inner_text() == "Configuration \u203a Attributes \u203a List \u203a web-1"
    return page.get_by_role("row", name="Server Traffic web-1")


def test_the_steps_of_the_agents_page_lead_from_its_installation_to_its_flows(
    page, gateway, customer, new_agent, install, post_logs, clock
):
    # The agent is deployed with a token of its own kind, and the machine discovers itself, beside others.
    agent = install(create_token(page), "web-1")
    assert agent.ask().json() == {"collect": False, "etag": "idle"}
    new_agent(customer, "db-1").ask()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: agent.ask("idle").json())

        # The blueprint that comes with the gateway is imported.
        menu(page, "Blueprints").click()
        import_shipped(page)
        assert notice(page).startswith(f"Imported: {NAME}, every 60 s.")
        gateway.stores.blueprints.put(customer, ANOTHER, clock.now())

        find_machine(page)
        choose_blueprint(page)
        assert not asked.done()

        # 9. and 10. Save leads back to the list, with a confirmation; the agent that waits is told.
        save(page)
        assert notice(page).startswith(f"web-1 is saved. Applied: {NAME}. Its agent is asked again within 1 min")
        expect(page.get_by_role("row", name="web-1").get_by_text("accepted")).to_be_visible()
        assert asked.result(20) == {"collect": True, "interval_seconds": 60, "etag": "collect-60"}

    # 11. to 15. The agent delivers an interval: the last value is 200, with its time.
    minute = to_ms(clock.now()) // 60_000 * 60_000 - 60_000
    flows = [agent_record(time=minute, dst_port=port) for port in (443, 8443)]
    assert agent.deliver(ndjson(*flows), minute).status_code == 200
    assert f"HTTP/1.1 200 OK {iso(clock.now())} flows=2" in server_traffic(page).inner_text()

    # 16. and 17. Explore > Network > Traffic List has the flows of all ways to collect them.
    post_logs(record(time=minute))
    page.get_by_role("navigation", name="Explore \u203a Network").get_by_role("link", name="Traffic List").click()
    assert page.locator(".path").inner_text() == "Explore \u203a Network \u203a Traffic List"
    rows = page.locator("table.records > tbody > tr:not(.details, .day)")
    expect(rows).to_have_count(3)
    page.get_by_label("Search", exact=True).fill("source:agent")
    page.keyboard.press("Enter")
    page.wait_for_url("**/traffic?q=source*")
    expect(rows).to_have_count(2)


def test_any_answer_but_200_stands_out_with_its_reason_and_the_history_keeps_all(
    page, gateway, agent, accept, apply, customer, clock
):
    accept(agent)
    apply(customer, gateway.stores.agents.find(customer, agent.id).item)
    minute = to_ms(clock.now()) // 60_000 * 60_000 - 60_000
    assert agent.deliver(ndjson(agent_record(time=minute)), minute).status_code == 200
    assert agent.deliver(ndjson(record(), b"{}"), minute + 60_000, {"Content-Type": "text/plain"}).status_code == 415
    row = server_traffic(page)
    assert "HTTP/1.1 415 Unsupported Media Type" in row.inner_text()
    assert "Send Content-Type: application/x-ndjson" in row.inner_text()
    assert row.locator(".state").get_attribute("class") == "state bad"
    assert row.get_attribute("class") == "bad"
    page.get_by_role("link", name="History of web-1").click()
    history = page.locator("table.history tbody tr").all_inner_texts()
    assert ["415" in history[0], "200 OK" in history[1], len(history)] == [True, True, 2]

    # From here another machine is searched for.
    page.get_by_label("Another machine").fill("db-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/setup/attributes?item=db-1")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_tick_survives_the_filter_and_is_saved(new_visit, sign_in, gateway, customer, agent, clock, scripts):
    agent.ask()
    number = gateway.stores.blueprints.put(customer, ANOTHER, clock.now())
    gateway.stores.blueprints.put(customer, NewBlueprint("Third", "", 60, "<blueprint/>"), clock.now())
    item = gateway.stores.agents.find(customer, agent.id).item
    visit = new_visit(java_script_enabled=scripts)
    page = sign_in(visit, f"/setup/items/{item}")
    page.get_by_label("Apply Another").check()
    page.get_by_label("Filter by blueprint").fill("third")
    page.keyboard.press("Enter")
    page.wait_for_url("**blueprint=third*")
    assert "csrf" not in page.url
    assert "Another, which the filter hides, is ticked, and not saved yet." in page.locator(".notice").all_inner_texts()
    expect(page.get_by_label("Apply Third")).not_to_be_checked()
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_label("Apply Another")).to_be_checked()
    page.get_by_label("Filter by blueprint").fill("third")
    page.get_by_role("button", name="Filter").click()
    save(page)
    assert notice(page).startswith("web-1 is saved. Applied: Another.")
    assert gateway.stores.blueprints.applied(item) == {number}


def left(locator):
    return locator.bounding_box()["x"]


def test_each_filter_button_stands_beside_a_field_of_its_own(visit, page, gateway, customer, agent, clock):
    agent.ask()
    gateway.stores.blueprints.put(customer, ANOTHER, clock.now())
    item = gateway.stores.agents.find(customer, agent.id).item
    for address, column in (
        ("/setup/items?name=web", "State"),
        ("/setup/attributes?item=web", "Last value"),
        (f"/setup/items/{item}?blueprint=a", "Blueprint"),
    ):
        visit.open(address)
        heading = page.get_by_role("columnheader", name=column, exact=True)
        button = page.get_by_role("button", name="Filter", exact=True)
        end = left(heading) + heading.bounding_box()["width"]
        assert left(heading) < left(button) < end, address
        assert faults(page) == []


def test_taking_the_blueprint_away_stops_the_agent_at_once(visit, page, gateway, customer, agent, accept, clock):
    accept(agent)
    item = gateway.stores.agents.find(customer, agent.id).item
    number = gateway.stores.blueprints.put(customer, ANOTHER, clock.now())
    gateway.stores.items.save(customer, item, [number], [], clock.now())
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: agent.ask("collect-600").json())
        visit.open(f"/setup/items/{item}")
        page.get_by_label("Apply Another").uncheck()
        save(page)
        assert "its agent collects nothing" in notice(page)
        assert asked.result(20) == {"collect": False, "etag": "idle"}


def test_a_machine_made_by_hand_takes_the_agent_that_an_administrator_accepts_and_no_other(
    visit, page, gateway, customer, agent, new_agent
):
    visit.open("/setup/items")
    page.get_by_role("link", name="Create", exact=True).click()
    page.get_by_label("Host name").fill("WEB-1")
    page.get_by_label("Addresses").fill("10.0.0.9")
    save(page)
    expect(page.get_by_role("row", name="WEB-1").get_by_text("no agent yet")).to_be_visible()

    # Two say that they are it.
    stranger = new_agent(customer, "web-1")
    for each in (agent, stranger):
        assert each.ask().json()["collect"] is False
    page.reload()
    page.get_by_role("row", name="WEB-1").get_by_role("link", name="2 waiting for acceptance").click()
    assert "2 agents say that they are on this machine." in page.locator(".notice").inner_text()
    row = page.get_by_role("row", name=agent.id)
    assert ["pending" in row.inner_text(), "127.0.0.1" in row.inner_text()] == [True, True]
    for button in (page.get_by_role("button", name=f"{verb} agent {agent.id}") for verb in ("Accept", "Refuse")):
        # In sight without scrolling sideways.
        assert button.bounding_box()["x"] + button.bounding_box()["width"] <= 1280 - 20
    table = page.locator("table.agents")
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")

    # One is accepted, the other refused.
    page.get_by_role("button", name=f"Accept agent {agent.id}").click()
    page.wait_for_url(f"**?decided={agent.id}")
    assert page.get_by_role("status").inner_text() == f"Agent {agent.id} is accepted."
    page.get_by_role("button", name=f"Refuse agent {stranger.id}").click()
    page.wait_for_url(f"**?decided={stranger.id}")
    expect(page.get_by_role("row", name=stranger.id).get_by_text("refused")).to_be_visible()
    assert faults(page) == []
    minute = 1_795_447_800_000
    assert agent.deliver(ndjson(agent_record(time=minute)), minute).status_code == 200
    assert stranger.deliver(ndjson(agent_record(time=minute)), minute).status_code == 403
    assert gateway.stores.records.count(customer) == 1
    visit.open("/setup/items")
    row = page.get_by_role("row", name="WEB-1").inner_text()
    assert ["10.0.0.4" in row, "accepted" in row, "to be accepted" in row] == [True, True, False]


def test_a_blueprint_is_exported_as_it_was_imported_and_removed(visit, page):
    visit.open("/setup/blueprints")
    import_shipped(page)
    with page.expect_download() as downloading:
        page.get_by_role("link", name=f"Export {NAME}").click()
    assert downloading.value.suggested_filename == SHIPPED.name
    assert downloading.value.path().read_bytes() == SHIPPED.read_bytes()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Remove {NAME}").click()
    page.wait_for_url("**/setup/blueprints?removed=1")
    assert notice(page).startswith("The blueprint was removed")


def test_a_file_that_is_not_a_blueprint_ends_in_a_sentence_at_the_field(visit, page, tmp_path):
    visit.expect(422)
    (tmp_path / "x.xml").write_text('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><blueprint>&a;</blueprint>')
    visit.open("/setup/blueprints")
    page.get_by_label("Blueprint file").set_input_files(tmp_path / "x.xml")
    page.get_by_role("button", name="Import", exact=True).click()
    assert page.locator("#blueprint-error").inner_text().startswith("A blueprint must not have a document type")


def test_all_sources_are_in_one_list_and_are_told_apart(visit, sign_in, agent, accept, post_logs, clock):
    accept(agent)
    minute = to_ms(clock.now()) // 60_000 * 60_000 - 60_000
    assert agent.deliver(ndjson(agent_record(time=minute)), minute).status_code == 200
    post_logs(record(time=minute + 1))
    page = sign_in(visit, "/traffic", Role.READER)
    assert page.locator(".path").inner_text() == "Explore \u203a Network \u203a Traffic List"
    rows = page.locator("table.records > tbody > tr:not(.details, .day)")
    for search, count in (("", 2), ("source:agent", 1), ("-source:agent", 1)):
        page.get_by_label("Search", exact=True).fill(search)
        page.keyboard.press("Enter")
        expect(rows).to_have_count(count)


def test_the_pages_work_without_scripts(new_visit, sign_in, agent):
    agent.ask()
    visit = new_visit(java_script_enabled=False)
    page = sign_in(visit, "/setup/blueprints")
    page.get_by_label("Blueprint file").set_input_files(SHIPPED)
    page.get_by_role("button", name="Import", exact=True).click()
    visit.open("/setup/items?name=web")
    page.get_by_role("link", name="web-1").click()
    page.get_by_label(f"Apply {NAME}").check()
    page.get_by_role("button", name="Save").click()
    assert notice(page).startswith(f"web-1 is saved. Applied: {NAME}.")
    assert agent.ask("idle").json()["collect"] is True


@pytest.mark.parametrize(
    ("content", "told"),
    [(SHIPPED.read_text().encode("utf-16"), "This file is UTF-16"), (b"x" * 3_000_000, "This file is too large")],
    ids=["UTF-16", "3 MB"],
)
def test_a_file_that_is_not_a_blueprint_is_reported_at_its_field(page, visit, content, told):
    visit.expect(422)
    visit.open("/setup/blueprints")
    field = page.get_by_label("Blueprint file")
    field.set_input_files({"name": "blueprint.xml", "mimeType": "text/xml", "buffer": content})
    page.get_by_role("button", name="Import").click()
    page.locator("#blueprint[aria-invalid]").wait_for()
    assert told in page.locator("#blueprint-error").inner_text()
